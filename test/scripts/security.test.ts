import { globSync, readFileSync } from "node:fs";
import { basename } from "node:path";
import { describe, expect, it } from "vitest";

const page = readFileSync("docs/security.md", "utf8");
const rows = [...page.matchAll(/^\| (\d+\.\d+\.\d+) \| ([12]) \| (.+?) \| (.+) \|$/gm)].map(
  ([, id = "", , , met = ""]) => ({ id, met }),
);
const cited = rows.flatMap(({ id, met }) =>
  [...met.matchAll(/`([\w-]+)`: "([^"]+)"/g)].map(([, file = "", title = ""]) => ({ id, file, title })),
);
const sources = new Map(
  globSync("test/**/*.test.ts").map((path) => [basename(path, ".test.ts"), readFileSync(path, "utf8")]),
);

/** The requirements of levels 1 and 2 in chapters V6, V7, V9 and V10 of ASVS 5.0.0, by section. */
const requirements: Record<string, number[]> = {
  "6.1": [1, 2, 3],
  "6.2": [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12],
  "6.3": [1, 2, 3, 4],
  "6.4": [1, 2, 3, 4],
  "6.5": [1, 2, 3, 4, 5],
  "6.6": [1, 2, 3],
  "6.8": [1, 2, 3, 4],
  "7.1": [1, 2, 3],
  "7.2": [1, 2, 3, 4],
  "7.3": [1, 2],
  "7.4": [1, 2, 3, 4, 5],
  "7.5": [1, 2],
  "7.6": [1, 2],
  "9.1": [1, 2, 3],
  "9.2": [1, 2, 3, 4],
  "10.1": [1, 2],
  "10.2": [1, 2],
  "10.3": [1, 2, 3, 4],
  "10.4": [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11],
  "10.5": [1, 2, 3, 4, 5],
  "10.6": [1, 2],
  "10.7": [1, 2, 3],
};

describe("docs/security.md", () => {
  it("has a row for every requirement, once and in order", () => {
    const ids = Object.entries(requirements).flatMap(([section, numbers]) =>
      numbers.map((number) => `${section}.${number}`),
    );
    expect(rows.map(({ id }) => id)).toEqual(ids);
  });

  it("says of each which test meets it, or why none does", () => {
    const unsaid = rows.filter(({ id, met }) => {
      const said = /^(n\/a:|Not met|"|Assumed|`src\/)/.test(met);
      return !said && !cited.some((citation) => citation.id === id);
    });
    expect(unsaid).toEqual([]);
  });

  it.each(cited)("$id cites a test that exists: $file, $title", ({ file, title }) => {
    const call = `("${title}"`;
    expect(sources.get(file)?.replaceAll(/\(\s+"/g, '("')).toContain(call);
  });
});
