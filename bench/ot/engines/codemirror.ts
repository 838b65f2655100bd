import { ChangeSet, Text } from "@codemirror/state";
import { type Edit, type Engine, withEach } from "../engine.ts";

const textOf = (text: string): Text => Text.of(text.split("\n"));

/** A change set tells how long the text is that it is for. */
function changesOf(start: string, edits: readonly Edit[]): ChangeSet[] {
  let length = start.length;
  return edits.map(({ position, deleted, inserted }) => {
    const changes = ChangeSet.of(
      { from: position, to: position + deleted, insert: textOf(inserted) },
      length,
    );
    length = changes.newLength;
    return changes;
  });
}

export const engine: Engine = {
  receive(start, edits) {
    const lines = changesOf(start, edits).map((changes) => JSON.stringify(changes));
    return () => {
      let text = textOf(start);
      return () => {
        for (const line of lines) text = ChangeSet.fromJSON(JSON.parse(line)).apply(text);
        return () => text.toString();
      };
    };
  },

  apply(start, edits) {
    const changes = changesOf(start, edits);
    return () => {
      let text = textOf(start);
      return () => {
        for (const change of changes) text = change.apply(text);
        return () => text.toString();
      };
    };
  },

  parse(start, edits) {
    const lines = changesOf(start, edits).map((changes) => JSON.stringify(changes));
    return () => () => {
      const changes = lines.map((line) => ChangeSet.fromJSON(JSON.parse(line)));
      return () => changes.reduce((text, change) => change.apply(text), textOf(start)).toString();
    };
  },

  transform(start, own, others) {
    const history = changesOf(start, others);
    const after = history.reduce((text, change) => change.apply(text), textOf(start)).toString();
    const mine = own.flatMap((edit) => changesOf(start, [edit]));
    return () => () => {
      const moved = mine.map((change) => history.reduce((mapped, over) => mapped.map(over), change));
      return () => {
        const inserts: { position: number; inserted: string }[] = [];
        for (const change of moved)
          change.iterChanges((position, _to, _fromB, _toB, text) =>
            inserts.push({ position, inserted: text.toString() }),
          );
        return withEach(after, inserts);
      };
    };
  },

  compose(start, edits) {
    const changes = changesOf(start, edits);
    return () => () => {
      const composed = changes.reduce((first, second) => first.compose(second));
      return () => composed.apply(textOf(start)).toString();
    };
  },
};
