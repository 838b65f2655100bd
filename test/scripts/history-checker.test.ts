// The crash test is worth what its checker finds: one faulty history for each thing that it holds.
import { describe, expect, it } from "vitest";
import { insertion } from "../../src/ot/operation.ts";
import { checkHistory, type History } from "../support/history-checker.ts";

/** Two clients, three operations, one of them never acknowledged. */
function sound(): History {
  return {
    version: 3,
    log: {
      from: 1,
      items: [
        { op: insertion(0, "a"), actor: 1, seq: 1 },
        { op: insertion(0, "b"), actor: 2, seq: 1 },
        { op: insertion(0, "c"), actor: 1, seq: 2 },
      ],
    },
    clients: [
      {
        actor: 1,
        sent: 2,
        acknowledged: [{ seq: 1, version: 1 }],
        typed: ["a", "c", "x"],
        removed: new Set("x"),
      },
      { actor: 2, sent: 2, acknowledged: [{ seq: 1, version: 2 }], typed: ["b"], removed: new Set() },
    ],
    texts: [{ name: "ann", text: "cba" }],
  };
}

type Item = History["log"]["items"][number];

/** The sound history with other operations in its log, and the text that they give. */
function withLog(items: Item[], text: string): History {
  return { ...sound(), version: items.length, log: { from: 1, items }, texts: [{ name: "ann", text }] };
}

describe("checkHistory", () => {
  const items = [...sound().log.items];
  const [first, second, third] = items as [Item, Item, Item];

  it("finds nothing in a sound history, whether or not what was never acknowledged is there", () => {
    expect(checkHistory(sound())).toEqual([]);
    const history = withLog([first, second], "ba");
    const [ann, ben] = history.clients;
    expect(checkHistory({ ...history, clients: [{ ...ann!, typed: ["a"] }, ben!] })).toEqual([]);
  });

  it.each<[string, History, string[]]>([
    ["a gap at the end", { ...sound(), version: 4 }, ["not dense"]],
    ["a log that begins late", { ...sound(), log: { from: 2, items } }, ["not dense", "moved", "moved"]],
    ["an acknowledged operation that is gone", withLog([second, first], "ab"), ["lost", "moved", "moved"]],
    ["an operation twice", withLog([...items, third], "ccba"), ["doubled", "doubled", "out of order"]],
    [
      "an operation twice, under another number",
      withLog([...items, { ...second, seq: 2 }], "bcba"),
      ["doubled"],
    ],
    ["operations of one client swapped", withLog([third, second, first], "abc"), ["out of order"]],
    [
      "an operation left out",
      withLog([first, second, { ...third, seq: 3 }], "cba"),
      ["never sent", "out of order"],
    ],
    [
      "an operation of nobody",
      withLog([...items, { ...first, actor: 9, op: insertion(0, "z") }], "zcba"),
      ["never sent"],
    ],
    [
      "an operation that does not fit",
      withLog([{ ...first, op: insertion(9, "a") }], ""),
      ["not replayable"],
    ],
    ["a text that differs", { ...sound(), texts: [{ name: "ben", text: "ca" }] }, ["diverged"]],
  ])("finds %s", (_, history, kinds) => {
    const found = checkHistory(history).map((violation) => violation.split(":")[0]);
    expect(found).toEqual(expect.arrayContaining(kinds));
  });

  it("finds an acknowledgement of another version", () => {
    const history = sound();
    const [ann, ben] = history.clients;
    const told = [{ seq: 1, version: 3 }];
    expect(checkHistory({ ...history, clients: [{ ...ann!, acknowledged: told }, ben!] })).toEqual([
      "moved: 1/1 was acknowledged as 3 and has version 1",
    ]);
  });

  it("finds typed text that is nowhere, although every number is in order", () => {
    const history = withLog([first, { ...second, op: insertion(0, "") }, third], "ca");
    expect(checkHistory(history)).toEqual(["lost: U+62 of 2"]);
  });
});
