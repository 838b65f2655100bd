import { describe, expect, it } from "vitest";
import { mapSelection, type Selection } from "../../src/ot/selection.ts";
import { Text } from "../../src/ot/text.ts";
import { fuzz, randomOperation, randomPoints, units } from "../support/ot-random.ts";
import { presenceOf, setUpPresence, show } from "../support/presence-setup.ts";

describe("PR-2: positions are of the committed text at the frame's version", () => {
  it("RM-2: a presence that comes with an operation goes out after its commit, at its version", () => {
    const { room, ann, ben } = setUpPresence();
    room.send(ann, show(1, [6, 6]));
    room.send(ben, { type: "submit", seq: 1, base: 1, op: ["Oh: "] });
    room.log.onAppend = () => expect(presenceOf(ben)).toEqual([]);
    room.turn();
    expect(ben.take()).toMatchObject([
      { type: "ack", version: 2 },
      { type: "presence", version: 2, items: [{ selections: [[10, 10]] }] },
    ]);
  });

  it("an update of an older version is taken through everything accepted since", () => {
    const { room, ann, ben } = setUpPresence();
    for (let seq = 1; seq <= 50; seq++) room.ask(ben, { type: "submit", seq, base: seq, op: ["x"] });
    ben.take();
    room.ask(ann, show(1, [0, 0], [1, 11]));
    expect(presenceOf(ben)).toMatchObject([
      {
        version: 51,
        items: [
          {
            selections: [
              [0, 0],
              [51, 61],
            ],
          },
        ],
      },
    ]);
  });

  it("one's own insert carries one's caret along, another's does not", () => {
    const { room, ann, ben } = setUpPresence();
    const eve = room.open("eve", "eve-1");
    room.send(ann, show(1, [5, 5]));
    room.send(ben, show(1, [5, 5]));
    room.send(ann, { type: "submit", seq: 1, base: 1, op: [5, ","] });
    room.turn();
    const [frame] = presenceOf(eve);
    expect(frame?.items).toMatchObject([
      { actor: 2, selections: [[6, 6]] },
      { actor: 3, selections: [[5, 5]] },
    ]);
  });

  it("past the end means the end, and within a surrogate pair means before it", () => {
    const { room, ann, ben } = setUpPresence("Hi 😀!");
    room.ask(ann, show(1, [4, 99], [Number.MAX_SAFE_INTEGER, 3]));
    expect(presenceOf(ben)).toMatchObject([
      {
        items: [
          {
            selections: [
              [3, 6],
              [6, 3],
            ],
          },
        ],
      },
    ]);
  });

  it("a lost commit takes no presence with it", () => {
    const { room, ann, ben } = setUpPresence();
    room.log.failNextAppend = true;
    room.send(ben, { type: "submit", seq: 1, base: 1, op: ["lost"] });
    room.send(ann, show(1, [5, 5]));
    room.turn();
    expect(ben.take()).toMatchObject([
      { type: "error", code: "unavailable" },
      { type: "presence", version: 1, items: [{ selections: [[5, 5]] }] },
    ]);
  });

  it("random selections stay within the text, cut no pair, and do not turn round", () => {
    fuzz(5_000, 20_261_123, (random, alphabet) => {
      const before = randomPoints(random, alphabet, 10);
      const { operation } = randomOperation(random, alphabet, before);
      const place = () => units(before, 0, random.int(before.length + 1));
      const selection: Selection = [place(), place()];
      const after = Text.from(before.join(""));
      after.apply(operation);
      for (const by of ["owner", "other"] as const) {
        const mapped = mapSelection(selection, operation, by);
        for (const position of mapped) {
          if (position < 0 || position > after.length) throw new Error(`${mapped} leaves the text`);
          if (position > 0 && after.check([position, "x"] as never)) throw new Error(`${mapped} cuts a pair`);
        }
        const direction = Math.sign(selection[1] - selection[0]);
        if (direction * (mapped[1] - mapped[0]) < 0) throw new Error(`${selection} turns to ${mapped}`);
      }
    });
  });
});
