import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { inTurns, parseTrace, readTrace, schedule } from "../../scripts/replay/trace.ts";
import { makeConcurrentTrace, makeSequentialTrace } from "../support/make-traces.ts";

const folder = join(import.meta.dirname, "../support/traces");
const time = (seconds: number) => new Date(seconds * 1000).toISOString();

describe("parseTrace", () => {
  it("reads the sequential form: every edit rests on the one before", () => {
    const txns = [
      { time: time(1), patches: [[0, 0, "a"]] },
      {
        time: time(2),
        patches: [
          [1, 0, "😀"],
          [0, 1, ""],
        ],
      },
    ];
    expect(parseTrace({ startContent: "s", endContent: "😀s", txns })).toEqual({
      kind: "sequential",
      agents: 1,
      startContent: "s",
      endContent: "😀s",
      edits: [
        { agent: 0, parents: [], patches: [[0, 0, "a"]], time: 1_000 },
        {
          agent: 0,
          parents: [0],
          patches: [
            [1, 0, "😀"],
            [0, 1, ""],
          ],
          time: 2_000,
        },
      ],
    });
  });

  it("reads the concurrent form, with `time` or `timestamp`, and patches that bear a time of their own", () => {
    const txns = [
      { parents: [], numChildren: 1, agent: 1, timestamp: time(1), patches: [[0, 0, "a", time(1)]] },
      { parents: [0], numChildren: 0, agent: 0, time: time(2), patches: [] },
    ];
    expect(parseTrace({ kind: "concurrent", numAgents: 2, endContent: "a", txns })).toMatchObject({
      agents: 2,
      edits: [
        { agent: 1, parents: [], patches: [[0, 0, "a"]], time: 1_000 },
        { agent: 0, parents: [0], patches: [], time: 2_000 },
      ],
    });
  });

  const sequential = (patches: unknown) => ({ endContent: "", txns: [{ patches }] });
  const concurrent = (fields: object) => ({
    kind: "concurrent",
    numAgents: 1,
    endContent: "",
    txns: [{ parents: [], agent: 0, patches: [], ...fields }],
  });
  it.each([
    [null, "it is not an object"],
    [{ txns: [] }, "endContent is not a well-formed text"],
    [{ endContent: "" }, "txns is not a list"],
    [{ endContent: "", txns: [7] }, "txns[0] is not an object"],
    [sequential([[0, 0]]), "txns[0].patches[0][2] is not a well-formed text"],
    [sequential([[0, 0, "\ud800"]]), "txns[0].patches[0][2] is not a well-formed text"],
    [sequential([[-1, 0, ""]]), "txns[0].patches[0][0] is not a whole number from 0"],
    [sequential([[0, 0.5, ""]]), "txns[0].patches[0][1] is not a whole number from 0"],
    [concurrent({ agent: 1 }), "txns[0].agent names 1, and there are 1"],
    [concurrent({ parents: [0] }), "txns[0].parents names 0, and there are 0"],
    [concurrent({ parents: undefined }), "txns[0].parents is not a list"],
  ])("refuses %j: %s", (value, message) => {
    expect(() => parseTrace(value)).toThrow(new TypeError(message));
  });
});

describe("schedule", () => {
  it("keeps recorded pauses, cut to the longest, and never goes back", () => {
    const txns = [5, 5.5, 100, 99, 101].map((at) => ({ time: time(at), patches: [] }));
    const trace = parseTrace({ endContent: "", txns });
    expect([...schedule(trace, 2_000)!]).toEqual([0, 500, 2_500, 2_500, 3_500]);
  });

  it("is none where there are no times, or one for all", () => {
    const txns = [{ patches: [] }, { patches: [] }];
    expect(schedule(parseTrace({ endContent: "", txns }), 1)).toBeUndefined();
    const timed = txns.map((txn) => ({ ...txn, time: time(0) }));
    expect(schedule(parseTrace({ endContent: "", txns: timed }), 1)).toBeUndefined();
  });
});

describe("inTurns", () => {
  it("deals the edits out, each still resting on the one before", () => {
    const txns = Array.from({ length: 4 }, () => ({ patches: [] }));
    const trace = inTurns(parseTrace({ endContent: "", txns }), 3);
    expect(trace.edits.map(({ agent, parents }) => [agent, ...parents])).toEqual([
      [0],
      [1, 0],
      [2, 1],
      [0, 2],
    ]);
  });
});

it("the traces in test/support/traces are what make-traces.ts makes", () => {
  const read = (name: string) => JSON.parse(readFileSync(join(folder, name), "utf8"));
  expect(read("sequential.json")).toEqual(makeSequentialTrace(1, 600));
  expect(read("concurrent.json")).toEqual(makeConcurrentTrace(1, 2, 600));
  expect(readTrace(join(folder, "concurrent.json")).agents).toBe(2);
});
