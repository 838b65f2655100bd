// `npm run record-frames -- NAME`: keeps the conversations of docs/protocol.md as they are now, as test/recordings/NAME.md.
import { existsSync, readFileSync, writeFileSync } from "node:fs";

/** The headings and transcripts of the page; nothing of its prose. */
export function conversations(page: string): string {
  const kept: string[] = [];
  let heading = "";
  for (const [block, title] of page.matchAll(/^## (.+)$|^```transcript\n[\s\S]*?^```$/gm)) {
    if (title) heading = title;
    else kept.push(`## ${heading}\n\n${block}\n`);
  }
  return kept.join("\n");
}

if (process.argv[1] === import.meta.filename) {
  const name = process.argv[2];
  if (!name || !/^[\w.-]+$/.test(name)) {
    console.error("npm run record-frames -- NAME, by custom the date: 2026-11-22");
    process.exit(2);
  }
  const path = `test/recordings/${name}.md`;
  if (existsSync(path)) {
    console.error(`${path} is there already, and recordings never change`);
    process.exit(1);
  }
  writeFileSync(path, conversations(readFileSync("docs/protocol.md", "utf8")));
}
