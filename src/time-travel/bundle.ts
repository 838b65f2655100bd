import type { Operation } from "../ot/operation.ts";

/** Version of the format below; docs/time-travel.md describes it. */
export const bundleFormat = 1;

/** What a bundle says of the whole: its first line. */
export interface BundleHead {
  documentId: string;
  /** Names the storage that the history is of. */
  epoch: string;
  /** What wrote it: name and version. */
  software: string;
  /** ISO 8601. */
  exportedAt: string;
  /** The version of `text`: the oldest that is known. */
  horizon: number;
  text: string;
  /** The newest version. */
  version: number;
  /** The hash (src/ot/text-hash.ts) of the newest text as the room had it in memory, from no replay; undefined: it had none. */
  servedHash?: number;
  /** How operations up to this version came to be is not known. */
  originsFrom: number;
  /** Sums (CRC-32 of the UTF-8) that were recorded when these texts were the newest. */
  points: readonly { version: number; sum: number }[];
  /** What people have called versions. */
  names?: readonly {
    version: number;
    name: string;
    author: Omit<BundleActor, "actor" | "clientId">;
    at: number;
  }[];
  /** Whether letters and names are replaced. */
  isAnonymized: boolean;
  /** For people: why it was written. */
  note?: string;
}

export interface BundleActor {
  actor: number;
  /** Null for REST and the seed's frame. */
  clientId: string | null;
  userId: string;
  kind: "person" | "program" | "import";
}

export interface BundleOperation {
  version: number;
  /** Of the commit, milliseconds since the epoch, to the second. */
  at: number;
  actor: number;
  seq: number;
  /** The version that it was made at; undefined: not known. */
  base?: number;
  /** As it was accepted, on the text at the version before. */
  operation: Operation;
  /** From being heard to the commit, a power of two; undefined: less than 8, or not known. */
  latencyMs?: number;
  /** Of the text at this version, by a replay where the bundle was written; undefined: the replay did not come here. */
  hash?: number;
}

/** A document's life: all that is known of how its text came to be. */
export interface Bundle {
  head: BundleHead;
  actors: ReadonlyMap<number, BundleActor>;
  /** Their versions are dense, from `horizon` + 1. */
  operations: readonly BundleOperation[];
}

// One JSON value on each line: the head; actors, each before the first operation that bears its number; operations; the end.

const line = (value: object): string => `${JSON.stringify(value)}\n`;

export const encodeHead = (head: BundleHead): string =>
  line({
    materi_bundle: bundleFormat,
    document_id: head.documentId,
    epoch: head.epoch,
    software: head.software,
    exported_at: head.exportedAt,
    horizon: head.horizon,
    version: head.version,
    served_hash: head.servedHash,
    origins_from: head.originsFrom,
    points: head.points.map(({ version, sum }) => [version, sum]),
    names: head.names?.map(({ version, name, author, at }) => ({
      version,
      name,
      user_id: author.userId,
      kind: author.kind,
      at,
    })),
    anonymized: head.isAnonymized,
    note: head.note,
    text: head.text,
  });

export const encodeActor = ({ actor, clientId, userId, kind }: BundleActor): string =>
  line({ actor, client_id: clientId, user_id: userId, kind });

/** Its operation may have come by RPC, which knows no brands. */
export type WrittenOperation = Omit<BundleOperation, "operation"> & {
  operation: readonly (number | string)[];
};

export const encodeOperation = (operation: WrittenOperation): string =>
  line({
    version: operation.version,
    at: operation.at,
    actor: operation.actor,
    seq: operation.seq,
    base: operation.base,
    op: operation.operation,
    latency_ms: operation.latencyMs,
    hash: operation.hash,
  });

/** The last line: without it a bundle is cut off. */
export const encodeEnd = (version: number): string => line({ end: version });

/** In place of the end: the exporting service could not go on. */
export const encodeFailure = (code: string, detail: string): string => line({ failed: code, detail });

/** All of a bundle, line by line. */
export function* encodeBundle({ head, actors, operations }: Bundle): Generator<string> {
  yield encodeHead(head);
  for (const actor of actors.values()) yield encodeActor(actor);
  for (const operation of operations) yield encodeOperation(operation);
  yield encodeEnd(head.version);
}
