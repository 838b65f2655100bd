import { globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, it } from "vitest";

/** What a module imports when it runs; types are erased. */
const importsOf = (path: string): string[] =>
  [
    ...readFileSync(path, "utf8").matchAll(
      /^(?:import|export)\s+(?!type\b)(?:[\w$*{},\s]*?\bfrom\s*)?"([^"]+)"/gm,
    ),
  ].map(([, from = ""]) => from);

it("the client library loads no package, and so no schema library, however far its imports lead", () => {
  // A binding imports the editor that it is for.
  const reached = new Set(globSync("src/client/**/*.ts", { exclude: ["src/client/{editors,react}/**"] }));
  for (const path of reached) {
    for (const from of importsOf(path)) {
      expect(from, `${path} imports the package ${from}`).toMatch(/^\./);
      reached.add(join(dirname(path), from));
    }
  }
  expect(reached).toContain(join("src/protocol/client-frames.ts"));
  expect(reached).not.toContain(join("src/protocol/frame-schemas.ts"));
});
