import { type Operation, OperationBuilder } from "../../ot/operation.ts";
import type { OwnSubmission } from "../../ot/replica.ts";
import { Text } from "../../ot/text.ts";
import type { Persistence, PersistencePorts, SavedState } from "../session/persistence.ts";
import type { OutboxStore } from "./outbox-store.ts";

// Of one session, under its prefix, there are these rows:
//   state           what is not saved, and the version that it is of
//   text            the server's text at some version before that
//   then/<version>  what led on from there, an operation each
// so that a keystroke in a long document costs a short row. A new text is written when the operations weigh more than it.

interface StateRow extends Omit<SavedState, "text" | "sent"> {
  sent?: OwnSubmission;
}

interface TextRow {
  version: number;
  text: string;
}

const nothing = new OperationBuilder().build();

/** Milliseconds without unsaved edits after which nothing is kept: not at once, for who types goes on. */
const eraseMs = 5_000;

/** Code units of operations up to which no new text is written, however short it is. */
const leastWeight = 4_096;

const versionKey = (version: number): string => `then/${String(version).padStart(16, "0")}`;

/** Keeps one session's unsaved edits in a store (laws CL-1, CL-2). */
export class KeptEdits implements Persistence {
  readonly restored: SavedState | undefined;
  readonly #store: OutboxStore;
  readonly #prefix: string;
  readonly #release: () => void;
  #ports: PersistencePorts | undefined;
  /** Version of the text in the store, and the weight of what leads on from it; undefined: a new one has to be written. */
  #textVersion: number | undefined;
  #weight = 0;
  /** What leads on and is not in the store. */
  #ahead: [version: number, operation: Operation][] = [];
  /** What was kept last: the replica's state, and what else there is. */
  #keptState: unknown;
  #keptRest = "";
  #sent: OwnSubmission | undefined;
  #writing: Promise<void> | undefined;
  #hasChanged = false;
  #hasRows: boolean;
  #eraser: ReturnType<typeof setTimeout> | undefined;
  #isClosed = false;
  works = true;

  /** `release` ends the claim to the prefix. */
  constructor(store: OutboxStore, prefix: string, restored: SavedState | undefined, release: () => void) {
    this.#store = store;
    this.#prefix = prefix;
    this.restored = restored;
    this.#release = release;
    this.#hasRows = restored !== undefined;
    // What may have been sent was kept before.
    this.#sent = restored?.sent;
  }

  attach(ports: PersistencePorts): void {
    this.#ports = ports;
    this.#keptState = this.restored && ports.replica()?.state;
  }

  accepted(version: number, operation: Operation): void {
    if (this.#textVersion === undefined) return;
    this.#ahead.push([version, operation]);
    this.#weight += JSON.stringify(operation).length;
    const length = this.#ports?.replica()?.text.length ?? 0;
    if (this.#weight > Math.max(leastWeight, length)) this.rebased();
  }

  rebased(): void {
    this.#textVersion = undefined;
    this.#ahead = [];
    this.#weight = 0;
  }

  changed(): void {
    if (!this.#isClosed && this.works) this.#write(async () => {});
  }

  holds(submission: OwnSubmission): boolean {
    return !this.works || submission === this.#sent;
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearTimeout(this.#eraser);
    const last = async () => {
      await this.#writing;
      if (this.#isSettled() && this.#hasRows) await this.#erase();
      this.#release();
    };
    void last();
  }

  /** One after the other. What changes while one is under way is looked at when that is done. */
  #write(act: () => Promise<void>): void {
    this.#hasChanged = true;
    if (this.#writing) return;
    const write = async () => {
      await act();
      while (this.#hasChanged) {
        this.#hasChanged = false;
        await this.#keep();
      }
      this.#writing = undefined;
    };
    this.#writing = write();
  }

  /** Whether there is nothing to be kept. */
  #isSettled(): boolean {
    if (!this.#ports) return !this.restored;
    const replica = this.#ports.replica();
    return !replica || (replica.state.kind === "synchronized" && this.#ports.rest().setAside.length === 0);
  }

  /** Writes what has changed, until nothing has. */
  async #keep(): Promise<void> {
    try {
      for (let row = this.#next(); row; row = this.#next()) {
        await this.#store.write(row.change);
        this.#sent = row.sent;
        this.#ports?.durable();
      }
    } catch {
      // Full, or not allowed: the session goes on without, as one that keeps nothing.
      this.works = false;
      this.#ports?.durable();
    }
  }

  #next(): { change: Parameters<OutboxStore["write"]>[0]; sent: OwnSubmission | undefined } | undefined {
    const ports = this.#ports;
    const replica = ports?.replica();
    if (!ports || !replica) return undefined;
    if (this.#isSettled()) {
      if (this.#hasRows && !this.#isClosed) this.#eraser ??= setTimeout(() => this.#eraseLater(), eraseMs);
      return undefined;
    }
    clearTimeout(this.#eraser);
    this.#eraser = undefined;
    const { state, version, seq } = replica;
    const rest = ports.rest();
    const restKey = JSON.stringify(rest);
    if (state === this.#keptState && restKey === this.#keptRest) return undefined;
    this.#keptState = state;
    this.#keptRest = restKey;
    const pending = state.kind === "synchronized" ? undefined : state;
    const row: StateRow = {
      ...rest,
      version,
      seq,
      ...(pending && { sent: pending.sent }),
      operation: pending?.operation ?? nothing,
      buffer: state.kind === "awaiting_with_buffer" ? state.buffer : nothing,
    };
    const put: [string, unknown][] = [[`${this.#prefix}state`, row]];
    const deletePrefixes: string[] = [];
    if (this.#textVersion === undefined) {
      const text: TextRow = { version, text: (pending?.serverText ?? replica.text).toString() };
      put.push([`${this.#prefix}text`, text]);
      deletePrefixes.push(`${this.#prefix}then/`);
      this.#textVersion = version;
    } else {
      for (const [of, operation] of this.#ahead) put.push([`${this.#prefix}${versionKey(of)}`, operation]);
    }
    this.#ahead = [];
    this.#hasRows = true;
    return { change: { deletePrefixes, put }, sent: pending?.sent };
  }

  #eraseLater(): void {
    this.#eraser = undefined;
    this.#write(async () => {
      if (this.#isSettled()) await this.#erase();
    });
  }

  async #erase(): Promise<void> {
    this.rebased();
    this.#hasRows = false;
    this.#keptState = undefined;
    this.#sent = undefined;
    // What is left behind is taken over by another session, which finds that it is saved.
    await this.#store.write({ deletePrefixes: [this.#prefix] }).catch(() => {});
  }
}

/** What is kept under a prefix; undefined if it is nothing. */
export async function readKept(store: OutboxStore, prefix: string): Promise<SavedState | undefined> {
  const rows = new Map(await store.read(prefix));
  const state = rows.get(`${prefix}state`) as StateRow | undefined;
  const base = rows.get(`${prefix}text`) as TextRow | undefined;
  if (!state || !base) return undefined;
  const text = Text.from(base.text);
  for (let version = base.version + 1; version <= state.version; version++) {
    text.apply(rows.get(prefix + versionKey(version)) as Operation);
  }
  return { ...state, sent: state.sent, text: text.toString() };
}
