import { applyUpdate, Doc, encodeStateAsUpdate, encodeStateVector } from "yjs";
import type { Edit, Engine } from "../engine.ts";

const name = "text";

/** The same document each time: made by one client. */
function docOf(start: string): Doc {
  const doc = new Doc();
  doc.clientID = 1;
  if (start !== "") doc.getText(name).insert(0, start);
  return doc;
}

function copyOf(doc: Doc, clientID: number): Doc {
  const copy = new Doc();
  applyUpdate(copy, encodeStateAsUpdate(doc));
  copy.clientID = clientID;
  return copy;
}

/** As its editor bindings do: what replaces something is one transaction. */
function edit(doc: Doc, { position, deleted, inserted }: Edit): void {
  const text = doc.getText(name);
  doc.transact(() => {
    if (deleted > 0) text.delete(position, deleted);
    if (inserted !== "") text.insert(position, inserted);
  });
}

const textOf = (doc: Doc): string => doc.getText(name).toString();

export const engine: Engine = {
  receive(start, edits) {
    const author = copyOf(docOf(start), 2);
    const updates: Uint8Array[] = [];
    author.on("update", (update: Uint8Array) => updates.push(update));
    for (const each of edits) edit(author, each);
    return () => {
      const doc = docOf(start);
      return () => {
        for (const update of updates) applyUpdate(doc, update);
        return () => textOf(doc);
      };
    };
  },

  apply(start, edits) {
    return () => {
      const doc = docOf(start);
      return () => {
        for (const each of edits) edit(doc, each);
        return () => textOf(doc);
      };
    };
  },

  transform(start, own, others) {
    const base = docOf(start);
    const updates = own.map((each, index) => {
      const author = copyOf(base, 10 + index);
      const before = encodeStateVector(author);
      edit(author, each);
      return encodeStateAsUpdate(author, before);
    });
    const after = copyOf(base, 2);
    for (const each of others) edit(after, each);
    return () => {
      const doc = copyOf(after, 3);
      return () => {
        for (const update of updates) applyUpdate(doc, update);
        return () => textOf(doc);
      };
    };
  },
};
