import { existsSync, globSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";

const page = readFileSync("CONTRIBUTING.md", "utf8");
const scripts = Object.keys(JSON.parse(readFileSync("package.json", "utf8")).scripts);

/** Name and folders of test/ of each project of the two configurations. */
const projects = [
  ...["vitest.config.ts", "test/e2e/vitest.config.ts"]
    .map((file) => readFileSync(file, "utf8"))
    .join("")
    .matchAll(
      /name: "(\w+)",\s*include: \[\s*"test\/(?:\{([\w,-]+)\}|([\w-]+))\/\*\*\/\*\.test\.ts",?\s*\]/g,
    ),
].map(([, name, many, one]) => ({ name, folders: (many ?? one ?? "").split(",") }));

describe("CONTRIBUTING.md", () => {
  test("names every npm script, and none that is not there", () => {
    const named = [...page.matchAll(/npm (?:run )?([a-z][\w:-]*)/g)].map(([, name]) => name);
    const own = scripts.filter((name) => !/^(pre|post)/.test(name));
    expect([...new Set(named)].sort()).toEqual(own.sort());
  });

  test("says of each vitest project which folders it runs", () => {
    const rows = [...page.matchAll(/^\| `(\w+)` \| ((?:`[\w-]+` ?)+)\|/gm)].map(([, name, folders = ""]) => ({
      name,
      folders: folders.match(/[\w-]+/g),
    }));
    expect(rows).toEqual(projects);
  });

  test("points to files that exist", () => {
    const files = [...page.matchAll(/`((?:[\w.-]+\/)*[\w-]+\.(?:ts|toml|md))`/g)].map(([, file]) => file!);
    expect(files.length).toBeGreaterThan(5);
    expect(files.filter((file) => !existsSync(file))).toEqual([]);
  });
});

test("every test file is in a folder that one vitest project runs, and no more than one", () => {
  const folders = projects.flatMap((project) => project.folders);
  expect(new Set(folders).size).toBe(folders.length);
  const files = globSync("test/**/*.test.ts").map((file) => file.replaceAll("\\", "/"));
  expect(files.filter((file) => !folders.includes(file.split("/")[1] ?? ""))).toEqual([]);
});
