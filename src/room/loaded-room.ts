import { type Accepted, Authority, type Verdict } from "../ot/authority.ts";
import { chunkHashesOf } from "../ot/chunk-hashes.ts";
import type { Operation } from "../ot/operation.ts";
import { limits } from "../protocol/limits.ts";
import { ActorRegistry } from "./actor-registry.ts";
import { Batch } from "./batch.ts";
import type { Actor, OperationLog, StoredRoom } from "./operation-log.ts";
import { rolledForward } from "./rolled-forward.ts";

/** Accepted operations kept in memory for transforming; older ones are read from the log. */
const tailOperations = 4_096;

/** UTF-16 units of log after which a snapshot is due even if the text is shorter: loading reads at most that much twice. */
const snapshotUnits = 65_536;

/** A room in memory: a cache of what the log holds (law RM-5), plus the batch that is about to be committed. */
export class LoadedRoom {
  readonly authority: Authority;
  readonly actors: ActorRegistry;
  /** Actors that every subscriber has been told of. */
  readonly announced = new Map<number, Actor>();
  /** Names the storage; other storage, other epoch. */
  readonly epoch: string;
  batch: Batch;
  readonly #log: OperationLog;
  /** UTF-16 units of log since the last snapshot. */
  #tailUnits: number;

  private constructor(stored: StoredRoom, log: OperationLog) {
    this.#log = log;
    this.epoch = stored.epoch;
    this.#tailUnits = stored.tailUnits;
    this.actors = new ActorRegistry(stored.actors);
    this.authority = restoreAuthority(stored, log);
    this.batch = new Batch(this.authority.version + 1);
  }

  /** Undefined if the room was never created; throws if it cannot be read (law RM-8). */
  static load(log: OperationLog): LoadedRoom | undefined {
    const stored = log.load();
    return stored && new LoadedRoom(stored, log);
  }

  /** The newest version that anybody may hear of (law RM-2). */
  get committedVersion(): number {
    return this.batch.from - 1;
  }

  nextSeq({ actor }: Actor): number {
    return (this.authority.lastOf(actor)?.seq ?? 0) + 1;
  }

  /** Decides on a submission heard at a time (ms since the epoch), and puts it into the batch if it is accepted. */
  accept(actor: Actor, seq: number, base: number, operation: Operation, heardAt: number): Verdict {
    const verdict = this.authority.accept({ actor: actor.actor, seq, base, operation });
    if (verdict.kind === "accepted") {
      const entry = { actor: actor.actor, seq, operation: verdict.operation };
      const transforms = verdict.version - 1 - base;
      this.batch.add(transforms > 0 ? { ...entry, transforms } : entry, actor, heardAt);
    }
    return verdict;
  }

  /** Makes the batch durable and begins the next one. If this throws, memory is ahead of storage and must be dropped. */
  commit(at: number): Batch {
    const { batch, authority } = this;
    const newActors = [...batch.actors].filter((actor) => !this.actors.isStored(actor));
    const units = batch.operationsJson.reduce((sum, json) => sum + json.length, 0);
    const snapshotDue = this.#tailUnits + units > Math.max(snapshotUnits, authority.text.length);
    this.#log.append({
      from: batch.from,
      entries: batch.entriesAt(at),
      operationsJson: batch.operationsJson,
      at,
      newActors,
      ...(snapshotDue && {
        snapshot: {
          version: authority.version,
          text: authority.text.toString(),
          chunkHashes: chunkHashesOf(authority.text),
          lastByActor: authority.lastByActor,
        },
      }),
    });
    this.actors.markStored(newActors);
    this.#tailUnits = snapshotDue ? 0 : this.#tailUnits + units;
    this.batch = new Batch(authority.version + 1);
    return batch;
  }
}

/** One by one, where a submission reaches back behind memory: what is not walked over is not read. */
function* readBetween(log: OperationLog, from: number, to: number): Generator<Accepted> {
  let version = from;
  for (const flush of log.flushes(from)) {
    for (const entry of flush.entries.slice(version + 1 - flush.from, to + 1 - flush.from)) {
      version += 1;
      yield entry;
    }
    if (version === to) return;
  }
}

function restoreAuthority(stored: StoredRoom, log: OperationLog): Authority {
  return new Authority({
    ...rolledForward(stored),
    tail: stored.tail,
    history: {
      get horizon() {
        return log.horizon;
      },
      read: (from, to) => readBetween(log, from, to),
      find: (actor, seq) => log.find(actor, seq),
    },
    limits: { textUnits: limits.textUnits, transformParts: limits.transformParts, tailOperations },
  });
}
