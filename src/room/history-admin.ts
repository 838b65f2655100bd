import type { AlarmClock } from "./alarm-clock.ts";
import type { DivergenceReports } from "./divergence.ts";
import { eraseFreePages } from "./erase-free-pages.ts";
import { checkIntegrity } from "./integrity.ts";
import type { OperationLog } from "./operation-log.ts";
import type { Room } from "./room.ts";
import type { DocumentRoomApi } from "./room-api.ts";

type Api = Pick<DocumentRoomApi, "redact" | "checkIntegrity" | "retain" | "compact">;

/** What an owner or operator may do with a room's history: long work, in steps between which the room goes on. */
export class HistoryAdmin implements Api {
  readonly #room: Room;
  readonly #log: OperationLog;
  readonly #storage: DurableObjectStorage;
  readonly #clock: AlarmClock;
  readonly #divergences: DivergenceReports;
  readonly #report: (error: unknown) => void;

  /** Ends with the last erasing that was asked for: they go one after the other, for all write the same table. */
  #erasing: Promise<void> = Promise.resolve();

  constructor(parts: {
    room: Room;
    log: OperationLog;
    storage: DurableObjectStorage;
    clock: AlarmClock;
    divergences: DivergenceReports;
    /** An error that stopped what was asked for, for the operator. */
    report: (error: unknown) => void;
  }) {
    this.#room = parts.room;
    this.#log = parts.log;
    this.#storage = parts.storage;
    this.#clock = parts.clock;
    this.#divergences = parts.divergences;
    this.#report = parts.report;
  }

  async redact(request: Parameters<Api["redact"]>[0]): ReturnType<Api["redact"]> {
    const redacted = this.#room.requests.redact(request);
    if (!redacted.ok) return redacted;
    // SQLite clears a page that it uses again only if it was freed in an earlier transaction.
    await this.#storage.sync();
    // They quote operations as they were.
    this.#divergences.clear();
    const erased = this.#erasing.then(() => eraseFreePages(this.#storage));
    this.#erasing = erased.catch(() => {});
    await erased;
    return redacted;
  }

  async checkIntegrity(): ReturnType<Api["checkIntegrity"]> {
    const read = this.#room.requests.read();
    if (!read.ok && read.code === "not_found") return read;
    const check = checkIntegrity(
      this.#log,
      read.ok ? { version: read.version, text: read.content } : undefined,
    );
    for (;;) {
      const step = check.next();
      if (step.done) return { ok: true, report: step.value };
      await turn();
    }
  }

  async retain(retention: Parameters<Api["retain"]>[0]): ReturnType<Api["retain"]> {
    const read = this.#room.requests.read();
    if (!read.ok) return read;
    this.#log.retain(retention);
    const due = this.#log.upkeepDueAt();
    if (due !== undefined) this.#clock.by(due);
    return { ok: true, horizon: this.#log.horizon };
  }

  async compact(): ReturnType<Api["compact"]> {
    const read = this.#room.requests.read();
    if (!read.ok) return read;
    // What is typed meanwhile is not waited for.
    const steps = 4 + (read.version - this.#log.horizon) / 1_000;
    try {
      for (let step = 0; step < steps && this.#log.upkeep(Date.now(), true); step++) await turn();
    } catch (error) {
      // Nothing of the step that failed is stored, and the history is what it was.
      this.#report(error);
      return {
        ok: false,
        code: "unavailable",
        detail: "the history could not be sealed, and stays as it is",
      };
    }
    return { ok: true, horizon: this.#log.horizon, databaseBytes: this.#storage.sql.databaseSize };
  }
}

/** Lets the room answer whoever waits. */
const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));
