// The laws of operations, on more than a million random ones over four alphabets.
import { expect, it } from "vitest";
import { compose, insertion, invert, lengthChange } from "../../src/ot/operation.ts";
import { parseOperation } from "../../src/ot/parse.ts";
import { mapPosition } from "../../src/ot/position.ts";
import { Text } from "../../src/ot/text.ts";
import { transform } from "../../src/ot/transform.ts";
import { apply, same } from "../support/ot-notation.ts";
import {
  type Alphabet,
  fuzz,
  operationsMade,
  type Points,
  type Random,
  randomOperation,
  randomPoints,
  units,
} from "../support/ot-random.ts";

const seed = 20_261_122;

function randomText(random: Random, alphabet: Alphabet): Points {
  return randomPoints(random, alphabet, 10);
}

it("apply gives the text that the generator made by itself", () => {
  fuzz(40_000, seed, (random, alphabet) => {
    const before = randomText(random, alphabet);
    const { operation, after } = randomOperation(random, alphabet, before);
    same(apply(before.join(""), operation), after.join(""), before.join(""), operation);
    same(lengthChange(operation), units(after) - units(before), "lengthChange");
  });
});

it("OT-1: both orders of two concurrent operations give one text", () => {
  fuzz(40_000, seed + 1, (random, alphabet) => {
    const before = randomText(random, alphabet);
    const a = randomOperation(random, alphabet, before).operation;
    const b = randomOperation(random, alphabet, before).operation;
    const text = before.join("");
    const aFirst = apply(text, a, transform(b, a, "later"));
    const bFirst = apply(text, b, transform(a, b, "earlier"));
    same(aFirst, bFirst, text, a, b);
  });
});

it("OT-2: a chain of operations converges with one concurrent to it, one at a time on both sides", () => {
  fuzz(15_000, seed + 2, (random, alphabet) => {
    const before = randomText(random, alphabet);
    let mine = randomOperation(random, alphabet, before).operation;
    const local = Text.from(before.join(""));
    local.apply(mine);
    let server = before;
    for (let count = 1 + random.int(4); count > 0; count--) {
      const { operation, after } = randomOperation(random, alphabet, server);
      local.apply(transform(operation, mine, "earlier"));
      mine = transform(mine, operation, "later");
      server = after;
    }
    same(local.toString(), apply(server.join(""), mine), before.join(""), mine);
  });
});

it("OT-4: no operation made from others splits a surrogate pair", () => {
  fuzz(15_000, seed + 3, (random, alphabet) => {
    const before = randomText(random, alphabet);
    const first = randomOperation(random, alphabet, before);
    const second = randomOperation(random, alphabet, first.after);
    const other = randomOperation(random, alphabet, before);
    for (const operation of [
      compose(first.operation, second.operation),
      transform(first.operation, other.operation, "later"),
      transform(first.operation, other.operation, "earlier"),
      invert(first.operation, before.join("")),
    ]) {
      same(parseOperation(operation, { insertUnits: 1000, parts: 1000 }).ok, true, JSON.stringify(operation));
    }
  });
});

it("compose: one operation does what two did, and three compose in either order", () => {
  fuzz(20_000, seed + 4, (random, alphabet) => {
    const before = randomText(random, alphabet);
    const a = randomOperation(random, alphabet, before);
    const b = randomOperation(random, alphabet, a.after);
    const c = randomOperation(random, alphabet, b.after);
    const ab = compose(a.operation, b.operation);
    same(apply(before.join(""), ab), b.after.join(""), before, a.operation, b.operation);
    const left = compose(ab, c.operation);
    const right = compose(a.operation, compose(b.operation, c.operation));
    same(apply(before.join(""), left), c.after.join(""), "composed three");
    same(left, right, before.join(""), a.operation, b.operation, c.operation);
  });
});

it("invert: takes an operation back, and twice gives the same effect", () => {
  fuzz(20_000, seed + 5, (random, alphabet) => {
    const before = randomText(random, alphabet);
    const { operation, after } = randomOperation(random, alphabet, before);
    const back = invert(operation, before.join(""));
    same(apply(after.join(""), back), before.join(""), before.join(""), operation);
    same(apply(before.join(""), invert(back, Text.from(after.join("")))), after.join(""), "twice");
  });
});

it("mapPosition: is where transform puts an insert at that position", () => {
  fuzz(20_000, seed + 6, (random, alphabet) => {
    const before = randomText(random, alphabet);
    const { operation } = randomOperation(random, alphabet, before);
    const position = units(before, 0, random.int(before.length + 1));
    const marker = insertion(position, "|");
    for (const [bias, order] of [
      ["before", "earlier"],
      ["after", "later"],
    ] as const) {
      const moved = transform(marker, operation, order);
      same(
        mapPosition(position, operation, bias),
        moved.length === 1 ? 0 : moved[0],
        `${bias} of ${JSON.stringify([position, operation])}`,
      );
    }
  });
});

it("mapPosition: never changes the order of two positions", () => {
  fuzz(15_000, seed + 7, (random, alphabet) => {
    const before = randomText(random, alphabet);
    const { operation, after } = randomOperation(random, alphabet, before);
    let previous = 0;
    for (let position = 0; position <= units(before); position++) {
      const first = mapPosition(position, operation, "before");
      const second = mapPosition(position, operation, "after");
      same(previous <= first && first <= second && second <= units(after), true, position, operation);
      previous = first;
    }
  });
});

it("this run made more than a million operations", () => {
  expect(operationsMade).toBeGreaterThan(1_000_000);
});
