import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Operation } from "../../src/ot/operation.ts";
import { Text } from "../../src/ot/text.ts";
import type { OperationLog } from "../../src/room/operation-log.ts";
import { recordsAfter } from "../../src/room/operation-records.ts";
import {
  type Bundle,
  type BundleHead,
  type BundleOperation,
  encodeBundle,
} from "../../src/time-travel/bundle.ts";

/** Why a document's life is kept, and the text that is said to be its newest, where there is one. */
export interface AboutFailure {
  note: string;
  served: string | undefined;
}

/** Of a test's document, which has no id. */
export const headOf = ({ note, served }: AboutFailure): Omit<BundleHead, "horizon" | "version" | "text"> => ({
  documentId: "the document of a test",
  epoch: "",
  software: "materi test",
  exportedAt: new Date().toISOString(),
  ...(served !== undefined && { servedHash: Text.from(served).hash() }),
  originsFrom: 0,
  points: [],
  isAnonymized: false,
  note,
});

/** All that a log has of a document's life, as the room exports it. */
export function lifeOf(log: OperationLog, about: AboutFailure): Bundle {
  const { version: horizon, text } = log.base();
  const replayed = Text.from(text);
  const operations: BundleOperation[] = [];
  for (let version = horizon, fits = true; ; version = horizon + operations.length) {
    const page = recordsAfter(log, version, fits ? replayed : undefined, Number.POSITIVE_INFINITY);
    if (page.records.length === 0) break;
    fits = page.fits;
    for (const { transforms = 0, operation, ...record } of page.records) {
      const base = record.version - 1 - transforms;
      operations.push({ ...record, base, operation: operation as Operation });
    }
  }
  const version = horizon + operations.length;
  const actors = log.load()?.actors ?? [];
  return {
    head: { ...headOf(about), horizon, text, version, points: log.points() },
    actors: new Map(actors.map((actor) => [actor.actor, actor])),
    operations,
  };
}

/** The same, with one line more to its note. */
export const withNote = (bundle: Bundle, line: string): Bundle => ({
  ...bundle,
  head: { ...bundle.head, note: `${bundle.head.note ?? ""}\n${line}` },
});

/** Writes the life of a document on which a test has failed; says how to look at it. */
export function keepFailure(name: string, bundle: Bundle, folder = "dist/failures"): string {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `${name}.ndjson`);
  writeFileSync(path, [...encodeBundle(bundle)].join(""));
  return `npm run inspect -- ${path}`;
}

/** Runs something that may throw an error which knows the life of its document; keeps that, and says so in the error's message. */
export function keepingFailure<T>(name: string, run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (error instanceof Error && "life" in error && typeof error.life === "function")
      error.message += `\n${keepFailure(name, error.life())}`;
    throw error;
  }
}
