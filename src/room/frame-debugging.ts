import { type SettingsSource, secretsOf } from "../env.ts";
import { errorFields, log, logAsked } from "../platform/log.ts";
import { Redactor } from "../platform/redaction.ts";
import { serverLimits } from "../protocol/limits.ts";
import type { Session } from "./peer.ts";

export interface FrameDebuggingPorts {
  documentId: string;
  /** Of a fan-out, which one it is. */
  shard?: number;
  kv: Pick<SyncKvStorage, "get" | "put" | "delete">;
  now(): number;
  /** Where the service's own secrets are, which no line may show. */
  env: SettingsSource;
}

const key = "frame-debugging";

/**
 * Shows the frames of a document's sockets in the log, without secrets, until a time that the operator has set: it is stored, outlives
 * sleep, and needs no timer. Law DB-1: what sockets are answered, and in which order, is the same with it as without.
 */
export class FrameDebugging {
  readonly #ports: FrameDebuggingPorts;
  #until: number | undefined;
  /** What was written in this second, and what was not. */
  #second = { at: 0, written: 0, left: 0 };

  constructor(ports: FrameDebuggingPorts) {
    this.#ports = ports;
    this.#until = ports.kv.get<number>(key);
  }

  /** When it ends, milliseconds since the epoch; undefined: it is off. */
  get until(): number | undefined {
    return this.#until;
  }

  set(until: number | undefined): void {
    const { kv } = this.#ports;
    if (until === undefined) kv.delete(key);
    else kv.put(key, until);
    this.#until = until;
  }

  /** `socket` names it: the id of the request that opened it. */
  received(socket: string, session: Session, message: string | ArrayBuffer): void {
    if (this.#until !== undefined) this.#show("in", socket, session, message);
  }

  sent(socket: string, session: Session, frame: string): void {
    if (this.#until !== undefined) this.#show("out", socket, session, frame);
  }

  #show(direction: "in" | "out", socket: string, session: Session, frame: string | ArrayBuffer): void {
    const now = this.#ports.now();
    if (now >= (this.#until ?? 0)) {
      this.#end();
      return;
    }
    // A document with a thousand viewers would fill the log by itself.
    if (!this.#mayWrite(now)) return;
    logAsked("debug_frame", () => {
      const { documentId, shard, env } = this.#ports;
      const redactor = new Redactor(secretsOf(env));
      const { actor, grant } = session;
      return {
        document_id: documentId,
        shard,
        socket: redactor.text(socket),
        client_id: actor?.clientId ? redactor.text(actor.clientId) : undefined,
        user_id: grant.userId,
        direction,
        ...shownFrame(redactor, frame),
      };
    });
  }

  /** In the midst of a frame, which what storage throws is no business of: it is deleted at another wake. */
  #end(): void {
    this.#until = undefined;
    try {
      this.#ports.kv.delete(key);
    } catch (error) {
      log("error", "debugging_failed", { document_id: this.#ports.documentId, ...errorFields(error) });
    }
  }

  #mayWrite(now: number): boolean {
    if (now - this.#second.at >= 1_000) {
      const { left } = this.#second;
      if (left > 0) {
        const { documentId } = this.#ports;
        logAsked("debug_frames_left_out", () => ({ document_id: documentId, frames: left }));
      }
      this.#second = { at: now, written: 0, left: 0 };
    }
    if (this.#second.written < serverLimits.debuggedFrames) {
      this.#second.written += 1;
      return true;
    }
    this.#second.left += 1;
    return false;
  }
}

function shownFrame(redactor: Redactor, frame: string | ArrayBuffer) {
  if (typeof frame !== "string") return { bytes: frame.byteLength, frame: "[binary]" };
  const isCut = frame.length > serverLimits.debuggedBytes;
  const shown = redactor.json(isCut ? frame.slice(0, serverLimits.debuggedBytes) : frame, { isCut });
  // Of the frame as it is shown: a type may be anything, and is told apart only where it is one.
  const type = /"type":"([a-z_]{1,32})"/.exec(shown) ?? /^\{"(submit|ops|ack)":/.exec(shown);
  return { type: type?.[1], units: frame.length, frame: shown };
}
