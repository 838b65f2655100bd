import type { Welcome } from "../../src/protocol/server-frames.ts";
import type { Acknowledgement } from "../support/history-checker.ts";
import type { Random } from "../support/ot-random.ts";
import { readFrame } from "../support/read-frame.ts";

/**
 * What went over one client's sockets, seen between session and network, so that the session need not be believed; and
 * what the network may do to them.
 */
export class Wire {
  /** While true, nothing from the server arrives any more: what is accepted now, the client does not learn. */
  silent = false;
  /** An acknowledgement came while it was silent: what is committed, and the client does not know it. */
  hasSwallowed = false;
  /** Whatever was swallowed is sent again, and not only half of the time. */
  insists = false;
  actor = 0;
  sent = 0;
  readonly acknowledged: Acknowledgement[] = [];
  /** Submissions that were sent again on another socket. */
  resends = 0;
  /** Of those, the ones that met themselves: the room had them before this socket's welcome. */
  duplicates = 0;
  readonly WebSocket: new (
    url: string,
    protocols: string[],
  ) => WebSocket;

  constructor(random: Random) {
    const wire = this;
    let newest = { seq: 0, frame: "" };
    this.WebSocket = class extends WebSocket {
      readonly #resent = new Set<number>();
      #welcomed = 0;

      constructor(url: string, protocols: string[]) {
        super(url, protocols);
        wire.silent = false;
        super.addEventListener("message", ({ data }) => {
          if (data === "pong") return;
          if (!wire.silent) this.#note(readFrame(data));
          else if (readFrame(data).type === "ack") wire.hasSwallowed = true;
        });
      }

      override addEventListener(type: string, listener: unknown): void {
        const listen = listener as (event: Event) => void;
        super.addEventListener(type, (event) => {
          if (type !== "message" || !wire.silent) listen(event);
        });
      }

      override send(frame: string): void {
        super.send(frame);
        if (frame === "ping") return;
        const { type, seq, last_seq } = readFrame(frame);
        if (type === "submit") {
          if (seq <= newest.seq) this.#resend(seq);
          else newest = { seq, frame };
          wire.sent = newest.seq;
        } else if (last_seq !== undefined && (random.chance(0.5) || (wire.insists && wire.hasSwallowed))) {
          // Before the welcome can tell whether it is needed.
          wire.hasSwallowed = false;
          this.#resend(newest.seq);
          super.send(newest.frame);
        }
      }

      #resend(seq: number): void {
        wire.resends += 1;
        this.#resent.add(seq);
      }

      #note(frame: Welcome | ({ type: "ack" } & Acknowledgement)): void {
        if (frame.type === "welcome") {
          wire.actor = frame.actor;
          this.#welcomed = frame.version;
        } else if (frame.type === "ack") {
          wire.acknowledged.push({ seq: frame.seq, version: frame.version });
          if (this.#resent.has(frame.seq) && frame.version <= this.#welcomed) wire.duplicates += 1;
        }
      }
    };
  }
}
