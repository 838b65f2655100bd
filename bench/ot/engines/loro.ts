import { LoroDoc } from "loro-crdt";
import type { Edit, Engine } from "../engine.ts";

const name = "text";

function docOf(start: string): LoroDoc {
  const doc = new LoroDoc();
  doc.setPeerId("1");
  if (start !== "") doc.getText(name).insert(0, start);
  doc.commit();
  return doc;
}

function copyOf(doc: LoroDoc, peer: number): LoroDoc {
  const copy = LoroDoc.fromSnapshot(doc.export({ mode: "snapshot" }));
  copy.setPeerId(`${peer}`);
  return copy;
}

function edit(doc: LoroDoc, { position, deleted, inserted }: Edit): void {
  const text = doc.getText(name);
  if (deleted > 0) text.delete(position, deleted);
  if (inserted !== "") text.insert(position, inserted);
  doc.commit();
}

const textOf = (doc: LoroDoc): string => doc.getText(name).toString();

export const engine: Engine = {
  receive(start, edits) {
    const base = docOf(start);
    const author = copyOf(base, 2);
    const updates: Uint8Array[] = [];
    author.subscribeLocalUpdates((update) => updates.push(update));
    for (const each of edits) edit(author, each);
    return () => {
      const doc = copyOf(base, 3);
      return () => {
        for (const update of updates) doc.import(update);
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
      const before = author.version();
      edit(author, each);
      return author.export({ mode: "update", from: before });
    });
    const after = copyOf(base, 2);
    for (const each of others) edit(after, each);
    return () => {
      const doc = copyOf(after, 3);
      return () => {
        for (const update of updates) doc.import(update);
        return () => textOf(doc);
      };
    };
  },
};
