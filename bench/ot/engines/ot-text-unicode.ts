import { type TextOp, type TextType, type } from "ot-text-unicode";
import { type Edit, type Engine, withEach } from "../engine.ts";

/** Positions of these texts are the same in UTF-16 units and in code points, which the library counts (tasks.ts sees to it). */
export function operationOf({ position, deleted, inserted }: Edit): TextOp {
  const operation: TextOp = [];
  if (position > 0) operation.push(position);
  if (inserted !== "") operation.push(inserted);
  if (deleted > 0) operation.push({ d: deleted });
  return operation;
}

/** What of it depends on how the library keeps a text. */
export function applying<Snapshot>(
  library: Pick<TextType<Snapshot>, "apply" | "checkOp">,
  keep: { create(text: string): Snapshot; read(snapshot: Snapshot): string },
): Required<Pick<Engine, "receive" | "apply" | "parse">> {
  return {
    receive(start, edits) {
      const lines = edits.map((edit) => JSON.stringify(operationOf(edit)));
      return () => {
        let text = keep.create(start);
        return () => {
          // The library's `apply` checks the operation.
          for (const line of lines) text = library.apply(text, JSON.parse(line));
          return () => keep.read(text);
        };
      };
    },
    apply(start, edits) {
      const operations = edits.map(operationOf);
      return () => {
        let text = keep.create(start);
        return () => {
          for (const operation of operations) text = library.apply(text, operation);
          return () => keep.read(text);
        };
      };
    },
    parse(start, edits) {
      const lines = edits.map((edit) => JSON.stringify(operationOf(edit)));
      return () => () => {
        const operations = lines.map((line) => {
          const operation: TextOp = JSON.parse(line);
          library.checkOp(operation);
          return operation;
        });
        return () => {
          let text = keep.create(start);
          for (const operation of operations) text = library.apply(text, operation);
          return keep.read(text);
        };
      };
    },
  };
}

export const engine: Engine = {
  ...applying(type, { create: (text) => text, read: (text) => text }),

  transform(start, own, others) {
    const history = others.map(operationOf);
    const after = history.reduce((text, operation) => type.apply(text, operation), start);
    const mine = own.map(operationOf);
    return () => () => {
      const transformed = mine.map((operation) =>
        history.reduce((moved, over) => type.transform(moved, over, "right"), operation),
      );
      return () =>
        withEach(
          after,
          transformed.map((operation) => ({
            position: typeof operation[0] === "number" ? operation[0] : 0,
            inserted: String(operation.at(-1)),
          })),
        );
    };
  },

  compose(start, edits) {
    const operations = edits.map(operationOf);
    return () => () => {
      const composed = operations.reduce((first, second) => type.compose(first, second));
      return () => type.apply(start, composed);
    };
  },
};
