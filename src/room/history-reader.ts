import { difference } from "../ot/difference.ts";
import type { Operation } from "../ot/operation.ts";
import { OperationError, type Text } from "../ot/text.ts";
import { limits } from "../protocol/limits.ts";
import { Authorship } from "./authorship.ts";
import { type Change, changesIn, windowVersions } from "./history-changes.ts";
import type { OperationLog } from "./operation-log.ts";
import { recordsAfter } from "./operation-records.ts";
import { type Replayed, replay, replayedText } from "./replay.ts";
import type { DocumentRoomApi, LifeRecord, RoomResult, TextEdit } from "./room-api.ts";
import type { RoomRequests } from "./room-requests.ts";

type Api = Pick<DocumentRoomApi, "changes" | "readVersion" | "diff" | "restore" | "blame" | "records"> & {
  life(): Promise<RoomResult<LifeRecord>>;
};

/** Windows of versions that one page of changes looks through: 130,000 operations, some 100 ms. */
const windowsAtOnce = 32;

/**
 * What is asked about a room's past. It goes through the log in steps, between which the room goes on, one question after the
 * other: each may hold a second text in memory.
 */
export class HistoryReader implements Api {
  readonly #requests: RoomRequests;
  readonly #log: OperationLog;
  readonly #report: (error: unknown) => void;
  /** Where the last page of records ended: a second text in memory, until the next page or the end. */
  #reached: { version: number; revision: number; text: Text } | undefined;
  /** Ends with the last question that was asked. */
  #asked: Promise<unknown> = Promise.resolve();

  constructor(parts: { requests: RoomRequests; log: OperationLog; report: (error: unknown) => void }) {
    this.#requests = parts.requests;
    this.#log = parts.log;
    this.#report = parts.report;
  }

  readVersion(version: number): ReturnType<Api["readVersion"]> {
    return this.#ask(async () => {
      const text = await this.#replay(replayedText, version);
      if (!text.ok) return text;
      const content = text.state.toString();
      const [flush] = version > this.#log.horizon ? this.#log.flushes(version - 1) : [];
      const entry = flush?.entries[version - flush.from];
      const head = this.#requests.head();
      if (!head.ok) return head;
      return {
        ok: true,
        version,
        content,
        made: flush && entry ? { at: flush.at, author: head.authorOf(entry.actor) } : undefined,
      };
    });
  }

  changes({ before, limit }: Parameters<Api["changes"]>[0]): ReturnType<Api["changes"]> {
    return this.#ask(async () => {
      const found: Change[] = [];
      let end = before === undefined ? Number.POSITIVE_INFINITY : before - 1;
      for (let windows = 0; windows < windowsAtOnce && found.length < limit; windows++) {
        const head = this.#requests.head();
        if (!head.ok) return head;
        end = Math.min(end, head.version);
        const { horizon } = this.#log;
        if (end <= horizon) break;
        const from = Math.max(horizon, Math.floor((end - 1) / windowVersions) * windowVersions);
        found.push(...changesIn(this.#log.flushes(from), { from, to: end }, head.authorOf).reverse());
        end = from;
        await turn();
      }
      const changes = found.slice(0, limit);
      const first = changes.at(-1)?.first ?? 0;
      return { ok: true, changes, more: first > this.#log.horizon + 1 };
    });
  }

  diff({ from, to }: Parameters<Api["diff"]>[0]): ReturnType<Api["diff"]> {
    return this.#ask(async () => {
      const before = await this.#replay(replayedText, from);
      if (!before.ok) return before;
      const after = await this.#replay(replayedText, to);
      if (!after.ok) return after;
      const text = before.state.toString();
      return { ok: true, edits: editsOf(text, difference(text, after.state.toString())) };
    });
  }

  restore({ version, author, ifVersion }: Parameters<Api["restore"]>[0]): ReturnType<Api["restore"]> {
    return this.#ask(async () => {
      const text = await this.#replay(replayedText, version);
      if (!text.ok) return text;
      const content = text.state.toString();
      return this.#requests.turnInto({ content, author, ...(ifVersion !== undefined && { ifVersion }) });
    });
  }

  blame({ version, from, most }: Parameters<Api["blame"]>[0]): ReturnType<Api["blame"]> {
    return this.#ask(async () => {
      const head = this.#requests.head();
      if (!head.ok) return head;
      const authorship = new Authorship(head.actors);
      const of = version ?? head.version;
      const authors = await this.#replay(authorship.replayed, of);
      if (!authors.ok) return authors;
      const spans = authorship.spans(authors.state, from, most);
      return { ok: true, version: of, units: authors.state.length, spans };
    });
  }

  life(): ReturnType<Api["life"]> {
    return this.#ask(async () => {
      const served = this.#requests.readUnless([]);
      if (!served.ok) return served;
      const { version, epoch, hash } = served;
      const { horizon, originsFrom } = this.#log;
      const { text } = this.#log.base();
      return { ok: true, epoch, horizon, text, version, hash, originsFrom, points: this.#log.points() };
    });
  }

  records({ since, limit, hash }: Parameters<Api["records"]>[0]): ReturnType<Api["records"]> {
    return this.#ask(async () => {
      const reached = await this.#reach(since);
      if (!reached.ok) return reached;
      const { text } = reached;
      if (hash !== undefined && text?.hash() !== hash)
        return { ok: false, code: "precondition_failed", detail: "the history was rewritten meanwhile" };
      const head = this.#requests.head();
      if (!head.ok) return head;
      const { records, fits } = recordsAfter(
        this.#log,
        since,
        text,
        Math.min(limit, limits.tracedOperations),
      );
      const version = since + records.length;
      const { revision, originsFrom } = this.#log;
      // Whoever goes through all of it asks for what follows next.
      this.#reached = fits && text && version < head.version ? { version, revision, text } : undefined;
      const writers = new Set(records.map(({ actor }) => actor));
      const actors = head.actors.filter(({ actor }) => writers.has(actor));
      return { ok: true, records, actors, version: head.version, originsFrom };
    });
  }

  /** The text at a version; undefined if an operation before it does not fit, of which its neighbours can still be told. */
  async #reach(version: number): Promise<RoomResult<{ text: Text | undefined }>> {
    const { version: at, revision, text } = this.#reached ?? {};
    this.#reached = undefined;
    if (at === version && revision === this.#log.revision) return { ok: true, text };
    try {
      const replayed = await this.#replay(replayedText, version);
      return replayed.ok ? { ok: true, text: replayed.state } : replayed;
    } catch (error) {
      if (error instanceof OperationError) return { ok: true, text: undefined };
      throw error;
    }
  }

  /** What the history has come to at a version; begun again if it was redacted or trimmed meanwhile. */
  async #replay<State>(replayed: Replayed<State>, version: number): Promise<RoomResult<{ state: State }>> {
    for (;;) {
      const head = this.#requests.head();
      if (!head.ok) return head;
      if (version > head.version) {
        return { ok: false, code: "base_ahead", detail: `the newest version is ${head.version}` };
      }
      const { revision, horizon } = this.#log;
      if (version < horizon) {
        return { ok: false, code: "too_old", detail: `the oldest version that is kept is ${horizon}` };
      }
      const steps = replay(this.#log, replayed, version);
      let step = steps.next();
      while (!step.done && this.#log.revision === revision) {
        await turn();
        if (this.#log.revision === revision) step = steps.next();
      }
      if (!step.done) continue;
      if (step.value) return { ok: true, state: step.value };
      return {
        ok: false,
        code: "unavailable",
        detail: "the history is long and was read in part; ask again",
      };
    }
  }

  /** Asks when all that was asked before is answered. */
  #ask<T>(question: () => Promise<RoomResult<T>>): Promise<RoomResult<T>> {
    const answer = this.#asked.then(question).catch((error: unknown): RoomResult<T> => {
      // It was erased meanwhile.
      const head = this.#requests.head();
      if (!head.ok) return head;
      this.#report(error);
      return { ok: false, code: "unavailable", detail: "the document's history cannot be read now" };
    });
    this.#asked = answer;
    return answer;
  }
}

/** Each place where the operation changes `before`: what it takes out there, and what it puts in. */
function editsOf(before: string, operation: Operation): TextEdit[] {
  const edits: TextEdit[] = [];
  let at = 0;
  for (const part of operation) {
    if (typeof part === "number" && part > 0) {
      at += part;
      continue;
    }
    // Normal form: an insert stands before the delete that it touches.
    const last = edits.at(-1);
    if (typeof part === "string") edits.push({ at, deleted: "", inserted: part });
    else {
      const deleted = before.slice(at, at - part);
      if (last?.at === at && last.deleted === "") last.deleted = deleted;
      else edits.push({ at, deleted, inserted: "" });
      at -= part;
    }
  }
  return edits;
}

/** Lets the room answer whoever waits. */
const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));
