// What a run leaves behind when it fails opens in the tool for time travel.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { Timeline } from "../../src/time-travel/timeline.ts";
import { keepFailure, withNote } from "../support/failure-bundle.ts";
import { Random } from "../support/ot-random.ts";
import { Divergence, runSession } from "../support/ot-session.ts";
import { program } from "../support/simulator/commands.ts";
import { sabotages } from "../support/simulator/sabotages.ts";
import { simulate, Violation } from "../support/simulator/simulation.ts";

const seed = 20_261_123;
const folder = mkdtempSync(join(tmpdir(), "materi-failures-"));
afterAll(() => rmSync(folder, { recursive: true }));

function inspected(command: string) {
  const path = command.replace("npm run inspect -- ", "");
  const { status, stdout, stderr } = spawnSync(process.execPath, ["scripts/inspect.ts", path], {
    encoding: "utf8",
  });
  expect(stderr).toBe("");
  return { status, stdout };
}

test.each(Object.keys(sabotages).slice(0, 3))(
  "the document on which the simulator finds that %s",
  { timeout: 60_000 },
  async (name) => {
    const sabotage = sabotages[name as keyof typeof sabotages]!;
    const uninstall = sabotage.install?.();
    const check = fc.asyncProperty(program(300), async (each) => {
      await simulate(each, sabotage.parts);
    });
    const { errorInstance } = await fc.check(check, { seed, numRuns: 1_000, endOnFailure: true });
    uninstall?.();
    if (!(errorInstance instanceof Violation) || !errorInstance.life) throw new Error("nothing was found");
    const life = withNote(errorInstance.life(), "npm run soak -- …");
    const { stdout } = inspected(keepFailure("simulated", life, folder));
    expect(stdout).toContain(`Note: ${errorInstance.message.split("\n")[0]}`);
    expect(stdout).toContain("npm run soak");
    expect(stdout).toMatch(/\d+ +1970-|no operations|operation$/m);
  },
);

test("the document of a session in which the server transforms wrongly", () => {
  const spoilt: { error?: Divergence } = {};
  for (let round = 0; !spoilt.error && round < 100; round++) {
    try {
      runSession(new Random(seed + round), {
        alphabet: "ascii",
        clients: 4,
        steps: 200,
        textUnits: Number.POSITIVE_INFINITY,
        // As if nobody else had written since.
        accept: (authority, submission) =>
          submission.seq <= (authority.lastOf(submission.actor)?.seq ?? 0)
            ? authority.accept(submission)
            : authority.accept({ ...submission, base: Math.min(authority.version, submission.base + 1) }),
      });
    } catch (error) {
      if (error instanceof Divergence) spoilt.error = error;
    }
  }
  const life = spoilt.error?.life?.();
  if (!life) throw new Error("nothing was found");
  const { stdout } = inspected(keepFailure("session", life, folder));
  expect(stdout).toContain(`Note: ${spoilt.error?.message.slice(0, 20)}`);
  // The log itself is sound: it is the clients who differ from it.
  expect(Timeline.of(life).fault).toBeUndefined();
  expect(stdout).toMatch(/ insert +person/);
});
