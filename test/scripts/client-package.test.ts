// What the client library is to those who install it.
import { spawnSync } from "node:child_process";
import { relative } from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { expect, it } from "vitest";

/** Bytes that a page loads for an entry of the library before anything else, minified and compressed. */
async function size(entry: string): Promise<number> {
  const { outputFiles, metafile } = await build({
    entryPoints: [entry],
    bundle: true,
    splitting: true,
    minify: true,
    format: "esm",
    target: "es2022",
    outdir: "out",
    write: false,
    metafile: true,
  });
  // What is imported when it is needed is not loaded at once.
  const loaded = new Set(
    Object.keys(metafile.outputs).filter((path) => metafile.outputs[path]?.entryPoint === entry),
  );
  for (const path of loaded) {
    for (const { path: imported, kind } of metafile.outputs[path]?.imports ?? []) {
      if (kind === "import-statement") loaded.add(imported);
    }
  }
  const bytes = outputFiles
    .filter(({ path }) => loaded.has(relative(".", path).replaceAll("\\", "/")))
    .map(({ contents }) => gzipSync(contents, { level: 9 }).length);
  return bytes.reduce((sum, each) => sum + each, 0);
}

it("the client library is at most 15 kB", async () => {
  const bytes = await size("src/client/index.ts");
  process.stdout.write(`materi/client: ${bytes} bytes, minified and gzipped\n`);
  expect(bytes).toBeGreaterThan(5_000);
  expect(bytes).toBeLessThanOrEqual(15 * 1_024);
});

it("the types of the REST methods are those of the routes", () => {
  const { status, stderr } = spawnSync(process.execPath, ["scripts/rest-types.ts", "--check"], {
    encoding: "utf8",
  });
  expect(stderr).toBe("");
  expect(status).toBe(0);
});
