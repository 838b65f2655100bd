import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { afterAll, describe, expect, test } from "vitest";
import { harmless } from "../../scripts/inspect/print.ts";
import { Screen } from "../../scripts/inspect/screen.ts";
import { insertion } from "../../src/ot/operation.ts";
import { type Bundle, encodeBundle } from "../../src/time-travel/bundle.ts";
import { BundleReader } from "../../src/time-travel/bundle-reader.ts";
import { parseFilter } from "../../src/time-travel/filter-words.ts";
import { Timeline } from "../../src/time-travel/timeline.ts";
import { randomBundle } from "../support/random-bundle.ts";

const folder = mkdtempSync(join(tmpdir(), "materi-inspect-"));
afterAll(() => rmSync(folder, { recursive: true }));

const { bundle, texts } = randomBundle(20_261_123, 60);
const last = texts.length - 1;
/** The life with another operation as version 30. */
const tampered: Bundle = {
  ...bundle,
  operations: bundle.operations.map((made) =>
    made.version === 30 ? { ...made, operation: insertion(0, "other\u001b[31m") } : made,
  ),
};

function written(name: string, life: Bundle): string {
  const path = join(folder, name);
  const text = [...encodeBundle(life)].join("");
  writeFileSync(path, name.endsWith(".gz") ? gzipSync(text) : text);
  return path;
}
function inspect(...args: string[]) {
  const { MATERI_ADMIN_TOKEN: _, ...environment } = process.env;
  const run = spawnSync(process.execPath, ["scripts/inspect.ts", ...args], {
    encoding: "utf8",
    env: environment,
  });
  return { status: run.status, out: run.stdout, err: run.stderr };
}

describe("npm run inspect", () => {
  const path = written("life.ndjson.gz", bundle);

  test("prints a life where there is no terminal: as a table, as JSON, filtered, or the text at a version", () => {
    const table = inspect(path);
    expect(table.status).toBe(0);
    expect(table.out).toContain(`Sound: ${last} operations replayed`);
    expect(table.out.trimEnd().split("\n").length).toBe(last + 4);
    const json = inspect(path, "--json", "--filter", "author:ann", "--limit", "3").out.trim().split("\n");
    expect(json.length).toBe(3);
    for (const line of json)
      expect(JSON.parse(line)).toMatchObject({ user_id: "ann", by: "person", base: expect.any(Number) });
    expect(inspect(path, "--at", "40").out).toBe(texts[40]);
  });

  test("replay says that it came to the same texts, or where it did not: the operation, both hashes, the text before and after", () => {
    expect(inspect("replay", path)).toMatchObject({ status: 0, out: expect.stringContaining("Sound") });
    const { status, out } = inspect("replay", written("tampered.ndjson", tampered));
    expect(status).toBe(1);
    expect(out).toContain("DIFFERS at version 30");
    expect(out).toContain(`expected ${bundle.operations[29]?.hash}`);
    expect(out).toMatch(/replayed \d+/);
    expect(out).toContain(String.raw`["other\u001b[31m"]`);
    expect(out).toContain("Text before, at version 29:");
    expect(out).toContain("Text after:\n⟦other␛[31m⟧");
    expect(out).not.toContain("\u001b");
  });

  test("export writes a bundle, and one without words that is wrong where the first was", () => {
    const output = join(folder, "anonymous.ndjson.gz");
    expect(inspect("export", written("t.ndjson", tampered), "--anonymize", "--output", output).status).toBe(
      0,
    );
    const reader = new BundleReader();
    reader.push(gunzipSync(readFileSync(output)).toString());
    const read = reader.end();
    expect(read.head.isAnonymized).toBe(true);
    expect(Timeline.of(read).fault).toMatchObject({ version: 30 });
  });

  test("says in one line what is wrong with its use, its file or the service", () => {
    const cut = join(folder, "cut.ndjson");
    writeFileSync(cut, [...encodeBundle(bundle)].slice(0, -5).join(""));
    const id = "1b4e28ba-2fa1-41d2-883f-0016d3cca427";
    expect(inspect()).toMatchObject({ status: 2, err: expect.stringContaining("npm run inspect") });
    expect(inspect("nothing")).toMatchObject({
      status: 2,
      err: "nothing is no file, and no document's id.\n",
    });
    expect(inspect(path, "--filter", "kind:x")).toMatchObject({
      status: 2,
      err: expect.stringContaining("kind is"),
    });
    expect(inspect(path, "--at", "99999")).toMatchObject({ status: 2 });
    expect(inspect(cut)).toMatchObject({ status: 3, err: expect.stringContaining("cut off behind version") });
    expect(inspect(join(import.meta.dirname, "inspect.test.ts"))).toMatchObject({ status: 3 });
    expect(inspect(id, "--url", "https://materi.invalid")).toMatchObject({
      status: 2,
      err: expect.stringContaining("MATERI_ADMIN_TOKEN"),
    });
  });
});

describe("the terminal", () => {
  const timeline = Timeline.of(tampered);
  const typed = (screen: Screen, text: string) => {
    for (const sign of text) screen.press({ sequence: sign, name: sign === "\r" ? "return" : sign });
  };

  test("begins where the life is wrong, and goes by keys", () => {
    const screen = new Screen(timeline);
    expect(screen.version).toBe(30);
    screen.press({ name: "right" });
    screen.press({ name: "pageup" });
    expect(screen.version).toBe(0);
    screen.press({ name: "left" });
    expect(screen.version).toBe(0);
    typed(screen, "g12\r");
    expect(screen.version).toBe(12);
    screen.press({ name: "end" });
    expect(screen.version).toBe(timeline.last);
    expect(screen.press({ name: "q" })).toBe(false);
  });

  test("goes through what a filter lets through, and plays it to its end", () => {
    const screen = new Screen(timeline);
    const versions = tampered.operations.filter(({ actor }) => actor === 7).map(({ version }) => version);
    screen.press({ name: "home" });
    typed(screen, "/author:cem\r");
    const seen = [screen.version];
    for (screen.press({ name: "space" }); screen.isPlaying; screen.play()) seen.push(screen.version);
    expect(
      [...new Set(seen), screen.version].filter((version) => versions.includes(version)).length,
    ).toBeGreaterThan(3);
    expect(screen.version).toBe(versions.findLast((version) => version <= timeline.last));
  });

  test("fills any terminal, line by line, and lets nothing out of the text that a terminal would obey", () => {
    const screen = new Screen(timeline);
    for (const [columns, rows] of [
      [80, 24],
      [200, 60],
      [40, 20],
    ] as const) {
      const lines = screen.lines(columns, rows);
      expect(lines.length).toBe(rows);
      for (const line of lines) {
        // biome-ignore lint/suspicious/noControlCharactersInRegex: what colours it
        const plain = line.replaceAll(/\u001b\[[\d;]*m/g, "");
        expect(plain).not.toMatch(/\p{Cc}/u);
        expect(plain.length).toBeLessThanOrEqual(columns);
      }
    }
    expect(screen.lines(80, 24).join("\n")).toContain("other␛[31m");
    expect(harmless("a\u009b\u007f\u202eb\n")).toBe("a\ufffd␡\ufffdb\n");
  });
});

test("filters are typed as words, and say what is wrong with them", () => {
  expect(parseFilter('author:ann kind:delete "two words" slow:16 transforms:2')).toEqual({
    author: "ann",
    kind: "delete",
    text: "two words",
    slowMs: 16,
    transforms: 2,
  });
  expect(parseFilter("since:2026-11-23T07:00Z http://x")).toEqual({
    since: Date.parse("2026-11-23T07:00Z"),
    text: "http://x",
  });
  expect(parseFilter("")).toEqual({});
  for (const wrong of ["kind:move", "since:then", "slow:0", "transforms:a"])
    expect(parseFilter(wrong)).toHaveProperty("fault");
});
