import { serverLimits } from "../protocol/limits.ts";
import type { AlarmTask } from "./alarm-clock.ts";

/** Milliseconds that the room's other tasks wait for whoever is told. */
const patience = 5_000;

/** In the room's key-value store: the version that was announced last. One row for an announcement, none for an edit. */
const announcedKey = "announced";

export interface EditAnnouncementsPorts {
  kv: { get<T>(key: string): T | undefined; put<T>(key: string, value: T): void };
  /** The newest version that is stored; undefined if the room was never created. */
  version(): number | undefined;
  /**
   * Tells those outside that the document has this version, and when it was last edited (milliseconds since the epoch). If it
   * throws, or takes too long, they are told again.
   */
  announce(edited: { version: number; at: number }): Promise<void>;
  /** Asks to be woken at this time or before, milliseconds since the epoch. */
  wakeBy(at: number): void;
}

/**
 * Tells the world outside of edits, not of each: some seconds after the last one, and every minute while people write (law
 * EV-3). The alarm is stored with the first commit that is not announced, and so is, behind it, what was announced last: a
 * room that died in between announces when the alarm rings.
 */
export class EditAnnouncements implements AlarmTask {
  readonly name = "edit announcements";
  readonly #ports: EditAnnouncementsPorts;
  /** When the first edit that is not announced was made, as far as this memory knows, and when the last one was. */
  #firstAt: number | undefined;
  #lastAt: number | undefined;
  #isCreating = false;

  constructor(ports: EditAnnouncementsPorts) {
    this.#ports = ports;
  }

  /** The text is another one since this time, milliseconds since the epoch. */
  edited(at: number): void {
    if (this.#isCreating) return;
    this.#firstAt ??= at;
    this.#lastAt = at;
    // Never sooner than before, so the alarm is set by the first and not by those that follow.
    this.#ports.wakeBy(dueAt(this.#firstAt, at));
  }

  /** What a document has from the start is no edit of it. */
  creating<T>(create: () => T): T {
    this.#isCreating = true;
    try {
      return create();
    } finally {
      this.#isCreating = false;
    }
  }

  dueAt(): number | undefined {
    if (this.#firstAt !== undefined) return dueAt(this.#firstAt, this.#lastAt ?? this.#firstAt);
    // It has just woken, or there was no edit. Of a room without a mark, who is told knows what is new.
    const version = this.#ports.version();
    const announced = this.#ports.kv.get<number>(announcedKey) ?? 0;
    return version === undefined || version === announced ? undefined : 0;
  }

  async run(now: number): Promise<void> {
    const version = this.#ports.version();
    if (version === undefined) return;
    try {
      await within(patience, this.#ports.announce({ version, at: this.#lastAt ?? now }));
    } catch (error) {
      // Begun anew, or each edit from here on would be overdue, and ring at once.
      this.#firstAt = now;
      throw error;
    }
    const newest = this.#ports.version();
    // Erased meanwhile: what is gone stays empty.
    if (newest === undefined) this.#firstAt = undefined;
    else {
      this.#ports.kv.put(announcedKey, version);
      this.#firstAt = newest === version ? undefined : this.#lastAt;
    }
  }
}

const dueAt = (first: number, last: number): number =>
  Math.min(last + serverLimits.announceQuietMs, first + serverLimits.announceLongestMs);

async function within(ms: number, work: Promise<void>): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error("whoever is to hear of edits takes too long")), ms);
  });
  try {
    await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
