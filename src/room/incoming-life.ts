import { RpcTarget } from "cloudflare:workers";
import { crc32 } from "node:zlib";
import type { Operation } from "../ot/operation.ts";
import { Text } from "../ot/text.ts";
import { limits } from "../protocol/limits.ts";
import type { NamedVersion } from "./named-versions.ts";
import type { Flush, LastSubmission, Logged } from "./operation-log.ts";
import type { IncomingLifeApi, LifeRecord, OperationRecord, RoomResult } from "./room-api.ts";
import { segmentRuns } from "./segment-runs.ts";
import { SqliteHistory } from "./sqlite-history.ts";
import { createIncoming, insertIncomingRoom, placeIncoming, type SqlStorageSlice } from "./sqlite-schema.ts";
import { writePackedText } from "./stored-text.ts";

/** What is in the place of the room's life once it is `finish`ed. */
interface Place {
  /** Nobody has begun another since: they would write the same tables. */
  isCurrent: () => boolean;
  storage: SqlStorageSlice;
  now: () => number;
  /** The tables are in their place: within their transaction. */
  placed: (names: readonly NamedVersion[]) => void;
  /** Durable: whoever knew the room before has to come back. */
  done: () => Promise<RoomResult<{ version: number; epoch: string }>>;
}

/**
 * A document's life as it comes in from a backup, page by page, into tables beside the room's own: until it was received whole and
 * found to be sound, nobody sees anything of it, and a room that there is goes on. An attempt that ends before leaves tables that the
 * next one drops. Each operation is applied, and where its hash is told it is compared (law RM-8).
 */
export class IncomingLife extends RpcTarget implements IncomingLifeApi {
  readonly #place: Place;
  readonly #sql: SqlStorage;
  readonly #head: Omit<LifeRecord, "epoch" | "hash">;
  readonly #text: Text;
  readonly #lastByActor = new Map<number, LastSubmission>();
  readonly #actors = new Set<number>();
  /** What the next segment begins with. */
  #open: Flush[] = [];
  #version: number;
  #isUnsound = false;

  constructor(head: Omit<LifeRecord, "epoch" | "hash">, place: Place) {
    super();
    this.#place = place;
    this.#sql = place.storage.sql;
    this.#head = head;
    this.#text = Text.from(head.text);
    this.#version = head.horizon;
    place.storage.transactionSync(() => {
      createIncoming(this.#sql);
      writePackedText(this.#sql, "incoming_base", head.text);
    });
  }

  async append({
    actors,
    records,
  }: Parameters<IncomingLifeApi["append"]>[0]): Promise<RoomResult<{ version: number }>> {
    if (!this.#goesOn()) return begunAnew;
    for (const record of records) {
      const fault = this.#take(record, new Set(actors.map(({ actor }) => actor)));
      if (fault === undefined) continue;
      this.#isUnsound = true;
      return unsound(fault);
    }
    this.#place.storage.transactionSync(() => {
      for (const { actor, clientId, userId, kind } of actors) {
        this.#actors.add(actor);
        this.#sql.exec(
          "INSERT INTO incoming_actors VALUES (?, ?, ?, ?, 0, 0)",
          actor,
          clientId,
          userId,
          kind,
        );
      }
      const runs = [...segmentRuns(this.#open, Number.POSITIVE_INFINITY)];
      // The last may go on with the next page.
      this.#open = runs.pop() ?? [];
      for (const run of runs) this.#write(run);
    });
    return { ok: true, version: this.#version };
  }

  async finish({
    names,
    hash,
  }: Parameters<IncomingLifeApi["finish"]>[0]): ReturnType<IncomingLifeApi["finish"]> {
    if (!this.#goesOn()) return begunAnew;
    const { version, horizon, originsFrom, points } = this.#head;
    if (this.#version !== version) return unsound(`it ends at version ${this.#version}, and says ${version}`);
    if (hash !== undefined && hash !== this.#text.hash()) {
      return unsound(`the text of version ${version} is another than the one that was served`);
    }
    const text = this.#text.toString();
    this.#place.storage.transactionSync(() => {
      if (this.#open.length > 0) this.#write(this.#open);
      for (const [actor, last] of this.#lastByActor) {
        const { seq } = last;
        const set = "UPDATE incoming_actors SET last_seq = ?, last_version = ? WHERE actor = ?";
        this.#sql.exec(set, seq, last.version, actor);
      }
      const sums = new Map(points.map((point) => [point.version, point.sum]));
      for (const [at, sum] of sums.set(version, crc32(text))) {
        this.#sql.exec("INSERT INTO incoming_points VALUES (?, ?)", at, sum);
      }
      writePackedText(this.#sql, "incoming_snapshot", text);
      insertIncomingRoom(this.#sql, { at: this.#place.now(), version, horizon, originsFrom });
      placeIncoming(this.#sql);
      this.#place.placed(names);
    });
    return this.#place.done();
  }

  #goesOn(): boolean {
    return !this.#isUnsound && this.#place.isCurrent();
  }

  /** Applies the next operation; answers what is wrong with it. */
  #take(record: OperationRecord, newActors: ReadonlySet<number>): string | undefined {
    const { version, at, hash, actor, seq, transforms, latencyMs } = record;
    const operation = record.operation as unknown as Operation;
    if (version !== this.#version + 1) return `version ${version} stands behind version ${this.#version}`;
    if (!this.#actors.has(actor) && !newActors.has(actor)) return `actor ${actor} was not introduced`;
    if (this.#text.check(operation) !== undefined)
      return `the operation of version ${version} does not fit its text`;
    this.#text.apply(operation);
    if (this.#text.length > limits.textUnits) return `the text of version ${version} is too large`;
    if (hash !== undefined && hash !== this.#text.hash()) {
      return `the text of version ${version} is another than it was`;
    }
    this.#version = version;
    this.#lastByActor.set(actor, { seq, version });
    const entry: Logged = {
      actor,
      seq,
      operation,
      ...(transforms && { transforms }),
      ...(latencyMs && { latencyMs }),
    };
    const last = this.#open.at(-1);
    // What one second brought is one flush: finer times are not kept.
    if (last?.at === at && last.entries.length < mostInFlush) (last.entries as Logged[]).push(entry);
    else this.#open.push({ from: version, at, entries: [entry] });
    return undefined;
  }

  #write(run: readonly Flush[]): void {
    new SqliteHistory(this.#sql).writeSegment("incoming_segments", run);
  }
}

/** A segment holds whole flushes. */
const mostInFlush = 256;

const begunAnew = {
  ok: false,
  code: "precondition_failed",
  detail: "putting the document back was begun anew, or has failed",
} as const;

const unsound = (detail: string) =>
  ({ ok: false, code: "invalid_operation", detail: `The bundle is not sound: ${detail}.` }) as const;
