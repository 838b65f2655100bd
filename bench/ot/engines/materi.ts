import { Authority, type History } from "../../../src/ot/authority.ts";
import { compose, type Operation, replacement } from "../../../src/ot/operation.ts";
import { parseOperation } from "../../../src/ot/parse.ts";
import { Text } from "../../../src/ot/text.ts";
import { limits } from "../../../src/protocol/limits.ts";
import { type Edit, type Engine, type Run, withEach } from "../engine.ts";

export const operationOf = ({ position, deleted, inserted }: Edit): Operation =>
  replacement(position, deleted, inserted);

export const operationLimits = { insertUnits: limits.insertUnits, parts: limits.operationParts };

/** A room's: nothing was accepted before. */
const noHistory: History = { horizon: 0, read: () => [], find: () => undefined };

/** What the room does with a submission that was made at version 0, when so many have been accepted since. */
export function rebasing(
  start: string,
  own: readonly Operation[],
  others: readonly Edit[],
  history?: History,
): Run {
  const authority = new Authority({
    version: history ? others.length : 0,
    text: Text.from(start),
    lastByActor: new Map(),
    history: history ?? noHistory,
    limits: { textUnits: limits.textUnits, tailOperations: 16_384, transformParts: limits.transformParts },
  });
  const text = history ? Text.from(start) : authority.text;
  for (const [base, other] of others.entries()) {
    const operation = operationOf(other);
    if (history) text.apply(operation);
    else if (authority.accept({ actor: 1, seq: base + 1, base, operation }).kind !== "accepted")
      throw new Error("an operation was refused");
  }
  return () => {
    const rebased = own.map((operation) => authority.rebase(operation, 0));
    return () =>
      withEach(
        text.toString(),
        rebased.map((operation) => {
          const [position, inserted] = typeof operation?.[0] === "number" ? operation : [0, operation?.[0]];
          return { position: Number(position), inserted: String(inserted) };
        }),
      );
  };
}

function parsed(line: string): Operation {
  const result = parseOperation(JSON.parse(line), operationLimits);
  if (!result.ok) throw new Error(result.detail);
  return result.operation;
}

export const engine: Engine = {
  receive(start, edits) {
    const lines = edits.map((edit) => JSON.stringify(operationOf(edit)));
    return () => {
      const text = Text.from(start);
      return () => {
        for (const line of lines) text.apply(parsed(line));
        return () => text.toString();
      };
    };
  },

  apply(start, edits) {
    const operations = edits.map(operationOf);
    return () => {
      const text = Text.from(start);
      return () => {
        for (const operation of operations) text.apply(operation);
        return () => text.toString();
      };
    };
  },

  parse(start, edits) {
    const lines = edits.map((edit) => JSON.stringify(operationOf(edit)));
    return () => () => {
      const operations = lines.map(parsed);
      return () => {
        const text = Text.from(start);
        for (const operation of operations) text.apply(operation);
        return text.toString();
      };
    };
  },

  transform(start, own, others) {
    const run = rebasing(start, own.map(operationOf), others);
    return () => run;
  },

  compose(start, edits) {
    const operations = edits.map(operationOf);
    return () => () => {
      const composed = operations.reduce(compose);
      return () => {
        const text = Text.from(start);
        text.apply(composed);
        return text.toString();
      };
    };
  },
};
