import { Text } from "../../src/ot/text.ts";
import type { Bundle, BundleOperation } from "../../src/time-travel/bundle.ts";
import { randomLog } from "./random-log.ts";

/** The life of a document that several have written at random; `texts[v]` is the text at version v. */
export function randomBundle(seed: number, commits: number): { bundle: Bundle; texts: string[] } {
  const { flushes, actors, texts } = randomLog(seed, commits);
  const text = Text.from("");
  const operations = flushes.flatMap(({ from, at, entries }) =>
    entries.map(({ transforms = 0, ...entry }, index): BundleOperation => {
      text.apply(entry.operation);
      const version = from + index;
      return { ...entry, version, at, base: version - 1 - transforms, hash: text.hash() };
    }),
  );
  const head = {
    documentId: "00000000-0000-4000-8000-000000000000",
    epoch: "epoch",
    software: "materi test",
    exportedAt: "2026-11-23T00:00:00.000Z",
    horizon: 0,
    text: "",
    version: operations.length,
    servedHash: text.hash(),
    originsFrom: 0,
    points: [],
    isAnonymized: false,
  };
  const by = new Map(actors.map((actor) => [actor.actor, { ...actor }]));
  return { bundle: { head, actors: by, operations }, texts };
}
