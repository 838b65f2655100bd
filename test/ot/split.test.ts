import { expect, it } from "vitest";
import { compose, lengthChange, type Operation } from "../../src/ot/operation.ts";
import { parseOperation } from "../../src/ot/parse.ts";
import { Replica } from "../../src/ot/replica.ts";
import { pieces, split } from "../../src/ot/split.ts";
import { apply, op, same } from "../support/ot-notation.ts";
import { fuzz, randomOperation, randomPoints } from "../support/ot-random.ts";

it.each<[Operation, Operation, Operation]>([
  [op("abc"), op("abc"), op()],
  [op("abcdefg"), op("abcd"), op(4, "efg")],
  [op(3, "abcde", -2, 1, "x"), op(3, "abcd"), op(7, "e", -2, 1, "x")],
  [op(-1, 1, -1, 1, -1), op(-1, 1, -1), op(2, -1)],
  [op("abc😀d"), op("abc"), op(3, "😀d")],
  [op(1, "abcd", -1, 1, "e"), op(1, "abcd", -1), op(6, "e")],
])("%j is cut into %j and %j, at 4 units and 3 parts", (whole, first, rest) => {
  expect(split(whole, { insertUnits: 4, parts: 3 })).toEqual({ first, rest });
});

it("FL-4: the pieces are within the limits, in normal form, and compose to the whole", () => {
  fuzz(2_000, 41, (random, alphabet) => {
    const { operation } = randomOperation(random, alphabet, randomPoints(random, alphabet, 12));
    const limits = { insertUnits: 2 + random.int(4), parts: 3 + random.int(3) };
    let whole = op();
    let rest = operation;
    let pieces = 0;
    while (rest.length > 0) {
      const cut = split(rest, limits);
      const parsed = parseOperation(JSON.parse(JSON.stringify(cut.first)), limits);
      if (!parsed.ok || cut.first.length === 0)
        expect.unreachable(`${JSON.stringify(cut)} of ${JSON.stringify(rest)}`);
      parseOperation(JSON.parse(JSON.stringify(cut.rest)), { insertUnits: 1e6, parts: 1e6 }).ok ||
        expect.unreachable();
      whole = compose(whole, cut.first);
      rest = cut.rest;
      pieces += 1;
      if (pieces > 100) expect.unreachable("no end");
    }
    same(whole, operation, limits);
  });
});

it("all pieces of an operation: within the limits, never longer than before and after, composed the whole", () => {
  fuzz(2_000, 42, (random, alphabet) => {
    const before = randomPoints(random, alphabet, 12);
    const { operation } = randomOperation(random, alphabet, before);
    const limits = { insertUnits: 2 + random.int(4), parts: 3 + random.int(3) };
    const longest = Math.max(0, lengthChange(operation));
    let whole = op();
    for (const piece of pieces(operation, limits)) {
      if (!parseOperation(piece, limits).ok || piece.length === 0) expect.unreachable(JSON.stringify(piece));
      whole = compose(whole, piece);
      if (lengthChange(whole) > longest) expect.unreachable(`too long on the way: ${JSON.stringify(whole)}`);
    }
    const text = before.join("");
    same(apply(text, whole), apply(text, operation), operation, limits);
  });
  expect(pieces(op("abc", -3), { insertUnits: 9, parts: 9 })).toEqual([["abc", -3]]);
  expect(pieces(op("abc", -3), { insertUnits: 2, parts: 9 })).toEqual([[-3], ["ab"], [2, "c"]]);
});

it("FL-4, OT-6: what another deletes between the pieces is not restored by undo, whichever piece it was deleted in", () => {
  const own = new Replica({ version: 1, text: "aXbYcZdWe" });
  own.limits = { insertUnits: 100, parts: 4 };
  own.edit(op(1, -1, 1, -1, 1, -1, 1, -1));
  expect(own.text.toString()).toBe("abcde");
  expect(own.state).toMatchObject({ operation: [1, -1, 1, -1], buffer: [3, -1, 1, -1] });
  // Another deletes Y and Z, before either piece is acknowledged.
  own.receive(op(3, -1, 1, -1));
  own.acknowledge(1, 3);
  own.acknowledge(2, 4);
  own.undo();
  expect(own.text.toString()).toBe("aXbcdWe");
});
