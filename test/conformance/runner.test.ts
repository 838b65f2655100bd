import { execFile } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { promisify } from "node:util";
import { afterEach, describe, expect, it } from "vitest";
import { rules } from "../../scripts/conformance/rules.ts";
import { runConformance } from "../../scripts/conformance/run.ts";
import { named } from "../../scripts/conformance/trials.ts";
import { WireClient } from "../../scripts/conformance/wire-client.ts";
import { type FaultName, faults, startToyServer } from "../support/toy-server.ts";

let stop = () => {};
afterEach(() => stop());

async function broken(fault?: FaultName, options?: { knowsShort: boolean }): Promise<string[]> {
  const server = await startToyServer(fault, options);
  stop = server.stop;
  // Of one that is sound no answer is waited for in vain, however long the machine takes.
  const patience = fault ? undefined : 60_000;
  const results = await runConformance(named(server.url, "toy", "any", patience));
  return results.filter(({ outcome }) => outcome === "fail").map(({ id, detail }) => `${id} ${detail}`);
}

/** The rule that has to notice each fault, whichever others do, too. */
const noticedBy: Record<FaultName, string> = {
  echo: "PC-8",
  "early ack": "PC-13",
  "double apply": "PC-15",
  "no comparison": "PC-17",
  "tie-break": "PC-11",
  "version gap": "PC-13",
  talkative: "PC-2",
  "broadcast to strangers": "PC-4",
  "no version for nothing": "PC-7",
  "untold actor": "PC-9",
  forgetful: "PC-16",
  strict: "PC-20",
  fragile: "PC-19",
  unbounded: "PC-21",
  "lenient position": "PC-19",
  "deaf ping": "PC-5",
  "presence echo": "PC-24",
  "wrong hash": "PC-25",
  "half short": "PC-26",
};

describe("the conformance runner", () => {
  it("finds nothing in a toy server that keeps the protocol", async () => {
    expect(await broken()).toEqual([]);
  });

  it("finds nothing in one that does not know the short form", async () => {
    expect(await broken(undefined, { knowsShort: false })).toEqual([]);
  });

  for (const [fault, rule] of Object.entries(noticedBy) as [FaultName, string][]) {
    it(`${rule} notices a server that ${faults[fault]}`, async () => {
      const failures = await broken(fault);
      expect(failures.map((failure) => failure.split(" ")[0])).toContain(rule);
    });
  }

  it("its rules are those of docs/conformance.md, in order", () => {
    const page = readFileSync("docs/conformance.md", "utf8");
    const written = [...page.matchAll(/^\| (PC-\d+) \| (.+?) \|$/gm)].map(
      ([, id, title]) => `${id} ${title}`,
    );
    expect(written).toEqual(rules.map(({ id, title }) => `${id} ${title}`));
  });

  it("as a command: prints a line per rule, JSON on demand, and its exit code tells", async () => {
    const server = await startToyServer("echo");
    stop = server.stop;
    const run = (...args: string[]) =>
      promisify(execFile)(process.execPath, [
        "scripts/conformance.ts",
        "--url",
        server.url,
        "--document",
        "cli",
        ...args,
      ]).then(
        ({ stdout }) => ({ code: 0, stdout }),
        ({ code, stdout, stderr }) => ({ code, stdout: `${stdout}${stderr}` }),
      );
    expect(await run("--only", "PC-1")).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^pass {2}PC-1 /),
    });
    expect(await run("--only", "PC-8")).toMatchObject({
      code: 1,
      stdout: expect.stringMatching(/^FAIL {2}PC-8 /),
    });
    const json = await run("--only", "PC-8", "--json");
    expect(JSON.parse(json.stdout)).toMatchObject([
      { id: "PC-8", outcome: "fail", detail: expect.any(String) },
    ]);
    expect(await run("--onyl", "PC-1")).toMatchObject({
      code: 2,
      stdout: expect.stringContaining("--onyl"),
    });
    expect(await run("--only", "PC-0")).toMatchObject({
      code: 2,
      stdout: expect.stringContaining("no rule PC-0"),
    });
  });

  it("a server that never answers the upgrade breaks the rule, and does not hold the runner", async () => {
    const silent = createServer().listen(0, "127.0.0.1");
    await once(silent, "listening");
    const { port } = silent.address() as AddressInfo;
    await expect(WireClient.open(`ws://127.0.0.1:${port}/`, "t")).rejects.toThrow("no socket at");
    silent.close();
  });
});
