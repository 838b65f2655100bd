// What the client library is to those who install it.
import { execSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { checkPackage, createPackageFromTarballData } from "@arethetypeswrong/core";
import { publint } from "publint";
import { rolldown } from "rolldown";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { operationTraceId } from "../../src/protocol/operation-trace.ts";

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

describe("what is packed", { timeout: 120_000 }, () => {
  const run = (command: string) => execSync(command, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
  const folder = mkdtempSync(join(tmpdir(), "materi-pack-"));
  let tarball: Uint8Array;
  beforeAll(() => {
    for (const part of ["test-kit", "client"]) {
      run(`"${process.execPath}" node_modules/typescript/bin/tsc -p src/${part}/tsconfig.build.json`);
    }
    const name = run(`npm pack --ignore-scripts --pack-destination "${folder}"`).trim().split("\n").at(-1)!;
    tarball = readFileSync(join(folder, name));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it("is the library and its types, and needs no package but the editors that are bound", () => {
    const besides = createPackageFromTarballData(tarball)
      .listFiles()
      .map((path) => path.replace("/node_modules/materi/", ""))
      .filter((path) => !/^dist\/(client|ot|protocol|room|test-kit)\/[\w/-]+(\.d)?\.(ts|js)$/.test(path));
    expect(besides.sort()).toEqual(["README.md", "package.json"]);
    const manifest = JSON.parse(readFileSync("package.json", "utf8"));
    expect(manifest.dependencies ?? {}, "the service is bundled: what it needs are devDependencies").toEqual(
      {},
    );
    expect(Object.keys(manifest.peerDependenciesMeta)).toEqual(Object.keys(manifest.peerDependencies));
  });

  it("runs in Node as it is packed, each entry by itself, with no package beside it but an editor's own", () => {
    const unpacked = join(folder, "unpacked", "node_modules", "materi");
    mkdirSync(unpacked, { recursive: true });
    run(
      `tar -xzf "${join(folder, readdirSync(folder).find((name) => name.endsWith(".tgz"))!)}" --strip-components=1 -C "${unpacked}"`,
    );
    const script = `
      import { insertion, MateriClient } from "materi/client";
      import "materi/offline";
      import "materi/textarea";
      import { TestService } from "materi/test-kit";
      import { operationTraceId } from "materi/trace";
      const service = new TestService({ seed: 1 });
      const session = service.open("ann");
      await service.settle();
      session.edit(insertion(0, "packed"));
      await service.settle();
      console.log(service.text, typeof new MateriClient({ url: "http://x.invalid" }).documents.create, operationTraceId("d", 1));
      service.close();`;
    writeFileSync(join(folder, "unpacked", "run.mjs"), script);
    expect(run(`"${process.execPath}" "${join(folder, "unpacked", "run.mjs")}"`).trim()).toBe(
      `packed function ${operationTraceId("d", 1)}`,
    );
  });

  it("is what bundlers and Node expect (publint)", async () => {
    const { messages } = await publint({ pack: { tarball: Uint8Array.from(tarball).buffer }, strict: true });
    expect(messages).toEqual([]);
  });

  it("has types that every kind of import finds (arethetypeswrong)", async () => {
    const { problems } = (await checkPackage(createPackageFromTarballData(tarball))) as {
      problems: { kind: string; resolutionKind?: string }[];
    };
    // It is ESM alone: `require` gets it from Node 22 on, and TypeScript says so; "node10" knows no `exports`.
    const expected = ["CJSResolvesToESM", "NoResolution"];
    expect(
      problems.filter(
        ({ kind, resolutionKind }) => !(expected.includes(kind) && /cjs|node10/.test(resolutionKind ?? "")),
      ),
    ).toEqual([]);
  });
});
