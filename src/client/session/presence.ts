import type { Operation } from "../../ot/operation.ts";
import type { Replica } from "../../ot/replica.ts";
import { mapSelection, type Selection } from "../../ot/selection.ts";
import { encodePresenceUpdate, type PresenceFrame, type PresenceItem } from "../../protocol/presence.ts";
import type { Welcome } from "../../protocol/server-frames.ts";

/** Somebody else who has the document open, with selections in this session's `text`. */
export interface Other {
  /** The number of their client; one person may have several. */
  actor: number;
  userId: string;
  name: string;
  kind: PresenceItem["kind"];
  /** #rrggbb */
  color: string;
  /** Empty: they are here, and show no cursor. */
  selections: readonly Selection[];
}

/** What this client shows; null: nothing any more. */
interface Shown {
  selections: readonly Selection[] | null;
  color: string | undefined;
}

export interface PresencePorts {
  replica(): Replica | undefined;
  /** Sends a frame, on a connection that is live. */
  send(frame: string): void;
}

/**
 * Both directions of presence. What others show is kept on the server's line, at the replica's version, and taken through
 * what is in flight and in the buffer when it is asked for. What this client shows is kept in the local view, and sent when
 * that is the server's text, too: only then are its positions of a version (law PR-2).
 */
export class SessionPresence {
  readonly #ports: PresencePorts;
  readonly #others = new Map<number, PresenceItem>();
  #own: Shown | undefined;
  /** What the room comes to by itself: what it was last sent, through all that came since. Undefined: it is to be sent. */
  #told: Shown | undefined;
  #actor = 0;
  #limits: Welcome["limits"] | undefined;
  /** While it runs, the last frame is too fresh for another. */
  #pause: ReturnType<typeof setTimeout> | undefined;

  constructor(ports: PresencePorts) {
    this.#ports = ports;
  }

  // ── The others ─────────────────────────────────────────────────────────────────────────────────────────────────

  get others(): Other[] {
    const state = this.#ports.replica()?.state;
    const pending: Operation[] = [];
    if (state && state.kind !== "synchronized") pending.push(state.operation);
    if (state?.kind === "awaiting_with_buffer") pending.push(state.buffer);
    return [...this.#others.values()].map(({ actor, user_id, name, kind, color, selections }) => ({
      actor,
      userId: user_id,
      name,
      kind,
      color,
      selections: pending.reduce((current, operation) => mapAll(current, operation, "other"), selections),
    }));
  }

  received({ items }: { items: readonly PresenceFrame["items"][number][] }): void {
    for (const item of items) {
      if ("gone" in item) this.#others.delete(item.actor);
      else this.#others.set(item.actor, item);
    }
  }

  /** The next operation of the server's line has come, own or not. */
  advance(operation: Operation, actor: number): void {
    this.#told = moved(this.#told, operation, actor === this.#actor ? "owner" : "other");
    for (const [other, item] of this.#others) {
      const by = other === actor ? "owner" : "other";
      this.#others.set(other, { ...item, selections: mapAll(item.selections, operation, by) });
    }
  }

  // ── One's own ──────────────────────────────────────────────────────────────────────────────────────────────────

  show(selections: readonly Selection[] | null, color: string | undefined): void {
    this.#own = { selections, color };
    this.offer();
  }

  /** The local view has changed. */
  edited(operation: Operation, by: "owner" | "other"): void {
    this.#own = moved(this.#own, operation, by);
  }

  sendAgain(): void {
    this.#told = undefined;
    this.offer();
  }

  /**
   * Sends what is shown, if it is not what the room comes to by itself, as where somebody just types (law PR-2), the last frame
   * is old enough, and nothing is in flight. Called after every frame.
   */
  offer(): void {
    const replica = this.#ports.replica();
    if (!this.#own || !this.#limits || this.#pause !== undefined) return;
    if (replica?.state.kind !== "synchronized") return;
    const shown = {
      ...this.#own,
      selections: this.#own.selections?.slice(0, this.#limits.selections) ?? null,
    };
    if (JSON.stringify(shown) === JSON.stringify(this.#told)) return;
    this.#told = shown;
    this.#ports.send(encodePresenceUpdate({ version: replica.version, ...shown }));
    this.#pause = setTimeout(() => {
      this.#pause = undefined;
      this.offer();
    }, this.#limits.presence_ms);
  }

  // ── Connection ─────────────────────────────────────────────────────────────────────────────────────────────────

  /** A new connection: its welcome tells who is there, and knows nothing of what was shown on the one before. */
  begin({ presence = [], limits, actor }: Welcome): void {
    this.#limits = limits;
    this.#actor = actor;
    this.received({ items: presence });
    this.sendAgain();
  }

  /** Without a connection nobody is known to be there. Answers whether anybody was. */
  end(): boolean {
    clearTimeout(this.#pause);
    this.#pause = undefined;
    this.#limits = undefined;
    const wereThere = this.#others.size > 0;
    this.#others.clear();
    return wereThere;
  }
}

const mapAll = (
  selections: readonly Selection[],
  operation: Operation,
  by: "owner" | "other",
): readonly Selection[] => selections.map((selection) => mapSelection(selection, operation, by));

const moved = (shown: Shown | undefined, operation: Operation, by: "owner" | "other"): Shown | undefined =>
  shown?.selections ? { ...shown, selections: mapAll(shown.selections, operation, by) } : shown;
