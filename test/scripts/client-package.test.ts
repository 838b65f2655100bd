// What the client library is to those who install it.
import { spawnSync } from "node:child_process";
import { gzipSync } from "node:zlib";
import { rolldown } from "rolldown";
import { expect, it } from "vitest";

/** Bytes that a page loads for an entry of the library before anything else, minified and compressed. */
async function size(entry: string): Promise<number> {
  const bundle = await rolldown({ input: entry, external: /^[^./]/, logLevel: "silent" });
  const { output } = await bundle.generate({ format: "esm", minify: true });
  // What is imported when it is needed is not loaded at once.
  const chunks = new Map(output.flatMap((file) => (file.type === "chunk" ? [[file.fileName, file]] : [])));
  const loaded = new Set([...chunks.values()].flatMap((file) => (file.isEntry ? file.fileName : [])));
  for (const name of loaded) for (const imported of chunks.get(name)?.imports ?? []) loaded.add(imported);
  return [...loaded].reduce(
    (sum, name) => sum + gzipSync(chunks.get(name)?.code ?? "", { level: 9 }).length,
    0,
  );
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
