import { globSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

const laws = [...readFileSync("docs/spec.md", "utf8").matchAll(/^- \*\*(\w+-\d+)/gm)].map(
  ([, law = ""]) => law,
);
const titles = globSync("test/**/*.test.ts").flatMap((path) =>
  [...readFileSync(path, "utf8").matchAll(/\b(?:it|describe|law|it\.each\(.*?\))\(\s*["'`](.*?)["'`]/g)].map(
    ([, title = ""]) => title,
  ),
);

describe("docs/spec.md", () => {
  it("holds laws", () => expect(laws.length).toBeGreaterThan(15));

  for (const law of laws) {
    it(`${law} is cited in the title of a test`, () => {
      expect(titles.filter((title) => title.includes(law))).not.toEqual([]);
    });
  }
});
