// What the client library is to those who install it.
import { spawnSync } from "node:child_process";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { expect, it } from "vitest";

/** Bytes that a page loads for the library before anything else, minified and compressed. */
async function size(entry: string): Promise<number> {
  const { outputFiles } = await build({
    entryPoints: [entry],
    bundle: true,
    splitting: true,
    minify: true,
    format: "esm",
    target: "es2022",
    outdir: "/",
    write: false,
  });
  const first = outputFiles.find(({ path }) => /\/index\.js$/.test(path.replaceAll("\\", "/")));
  return gzipSync(first!.contents, { level: 9 }).length;
}

it("the client library is at most 15 kB", async () => {
  const bytes = await size("src/client/index.ts");
  process.stdout.write(`materi/client: ${bytes} bytes, minified and gzipped\n`);
  expect(bytes).toBeLessThanOrEqual(15_000);
});

it("the types of the REST methods are those of the routes", () => {
  const { status, stderr } = spawnSync(process.execPath, ["scripts/rest-types.ts", "--check"], {
    encoding: "utf8",
  });
  expect(stderr).toBe("");
  expect(status).toBe(0);
});
