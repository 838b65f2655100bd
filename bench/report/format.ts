import { execFileSync } from "node:child_process";
import { createRequire } from "node:module";

/** As Biome has it, so that `npm run check` finds nothing in what a run wrote. */
export function format(name: string, text: string): string {
  const biome = createRequire(import.meta.url).resolve("@biomejs/biome/bin/biome");
  return execFileSync(process.execPath, [biome, "format", `--stdin-file-path=bench/${name}`], {
    input: text,
    encoding: "utf8",
  });
}
