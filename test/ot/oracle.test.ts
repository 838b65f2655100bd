// The engine against ot-text-unicode, an independent implementation that counts code points.
import { type TextOp, type } from "ot-text-unicode";
import { it } from "vitest";
import { compose, type Operation, OperationBuilder } from "../../src/ot/operation.ts";
import { mapPosition } from "../../src/ot/position.ts";
import { transform } from "../../src/ot/transform.ts";
import { same } from "../support/ot-notation.ts";
import { fuzz, type Points, randomOperation, randomPoints, units } from "../support/ot-random.ts";

const seed = 20_261_122;

/** The oracle's form of an operation on `before`. */
function toOracle(operation: Operation, before: Points): TextOp {
  let at = 0;
  return operation.map((part) => {
    if (typeof part === "string") return part;
    const from = at;
    while (units(before, from, at) < Math.abs(part)) at++;
    return part > 0 ? at - from : { d: at - from };
  });
}

/** Our form of the oracle's operation on `before`; it merges and orders the parts, which the oracle need not. */
function fromOracle(operation: TextOp, before: Points): Operation {
  const builder = new OperationBuilder();
  let at = 0;
  for (const part of operation) {
    if (typeof part === "string") {
      builder.insert(part);
      continue;
    }
    const count = typeof part === "number" ? part : (part.d as number);
    const length = units(before, at, at + count);
    if (typeof part === "number") builder.retain(length);
    else builder.delete(length);
    at += count;
  }
  return builder.build();
}

it("OT-3: transform is the oracle's, on both sides of the tie-break", () => {
  fuzz(15_000, seed, (random, alphabet) => {
    const before = randomPoints(random, alphabet, 10);
    const a = randomOperation(random, alphabet, before);
    const b = randomOperation(random, alphabet, before);
    for (const [order, side] of [
      ["earlier", "left"],
      ["later", "right"],
    ] as const) {
      const theirs = type.transform(toOracle(a.operation, before), toOracle(b.operation, before), side);
      const ours = transform(a.operation, b.operation, order);
      same(ours, fromOracle(theirs, b.after), before.join(""), a.operation, b.operation, order);
    }
  });
});

it("apply and compose are the oracle's", () => {
  fuzz(15_000, seed + 1, (random, alphabet) => {
    const before = randomPoints(random, alphabet, 10);
    const a = randomOperation(random, alphabet, before);
    const b = randomOperation(random, alphabet, a.after);
    const first = toOracle(a.operation, before);
    same(type.apply(before.join(""), first), a.after.join(""), before.join(""), a.operation);
    const theirs = type.compose(first, toOracle(b.operation, a.after));
    same(
      compose(a.operation, b.operation),
      fromOracle(theirs, before),
      before.join(""),
      a.operation,
      b.operation,
    );
  });
});

it("mapPosition is the oracle's where it knows only one bias: in front of an insert", () => {
  fuzz(10_000, seed + 2, (random, alphabet) => {
    const before = randomPoints(random, alphabet, 10);
    const { operation, after } = randomOperation(random, alphabet, before);
    const cursor = random.int(before.length + 1);
    const theirs = type.transformPosition(cursor, toOracle(operation, before));
    const ours = mapPosition(units(before, 0, cursor), operation, "before");
    same(ours, units(after, 0, theirs), before.join(""), operation, cursor);
  });
});
