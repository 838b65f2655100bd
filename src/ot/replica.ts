import type { Submission } from "./authority.ts";
import { difference } from "./difference.ts";
import { compose, invert, type Operation, OperationBuilder } from "./operation.ts";
import type { OperationLimits } from "./parse.ts";
import { mapPosition } from "./position.ts";
import { isOrWas } from "./redacted.ts";
import { orphansOf, removalOf } from "./rescue.ts";
import { split } from "./split.ts";
import { OperationError, Text } from "./text.ts";
import { transform } from "./transform.ts";
import { type Base, UndoHistory } from "./undo-history.ts";

/** What a replica sends; the connection says whose it is. */
export type OwnSubmission = Omit<Submission, "actor">;

/** The server said what it cannot have meant: the replica and the server are not in step. */
export class ProtocolError extends Error {
  override readonly name = "ProtocolError";
}

/** An operation on its way: as it was sent, and what it comes to at the newest version that was received. */
interface InFlight {
  readonly sent: OwnSubmission;
  readonly operation: Operation;
  /** The server's text at `version`, without anything of one's own that is not acknowledged. */
  readonly serverText: Text;
}

export type ReplicaState =
  | { readonly kind: "synchronized" }
  | ({ readonly kind: "awaiting" } & InFlight)
  | ({ readonly kind: "awaiting_with_buffer"; readonly buffer: Operation } & InFlight);

/** Own text for which a merge found no place: what was around it is gone. `near` is where that was. */
export interface Rescued {
  readonly text: string;
  readonly near: number;
}

export interface Merge {
  /** What it did to the local view. */
  readonly operation: Operation;
  readonly rescued: readonly Rescued[];
  /** What to send now. */
  readonly next: OwnSubmission | null;
}

const nothing = new OperationBuilder().build();

/**
 * The client's half: edits appear at once, at most one operation is in flight, and what is typed meanwhile waits in a
 * buffer, composed into one. Always:
 *
 *     server's text at `version`, in-flight operation, buffer = `text`
 *
 * What was sent never changes (RM-3): only the buffer is composed into, and a resend is the frame as first sent.
 */
export class Replica {
  #version: number;
  #text: Text;
  #seq: number;
  #state: ReplicaState = { kind: "synchronized" };
  readonly #history = new UndoHistory();
  /** Of one submission, as the server announced them: what is larger goes out as several, one after the other. */
  limits: OperationLimits | undefined;

  /** `clientSeq` is the last seq that this client has used. */
  constructor(init: { version: number; text: string; clientSeq?: number }) {
    this.#version = init.version;
    this.#text = Text.from(init.text);
    this.#seq = init.clientSeq ?? 0;
  }

  /**
   * Goes on from what another replica had come to: the server's `text` at `version`, the submission in flight as it was
   * `sent` and what it comes to at `version`, and what waits behind it. Throws OperationError if these do not fit.
   */
  static restore(init: {
    version: number;
    text: string;
    clientSeq: number;
    sent: OwnSubmission;
    operation: Operation;
    buffer: Operation;
  }): Replica {
    const replica = new Replica(init);
    const serverText = replica.#text.clone();
    replica.#text.apply(init.operation);
    replica.#text.apply(init.buffer);
    replica.#await({ sent: init.sent, operation: init.operation, serverText }, init.buffer);
    return replica;
  }

  /** The newest version that was received. */
  get version(): number {
    return this.#version;
  }

  /** The local view: with one's own edits that nobody has acknowledged. To be read only. */
  get text(): Text {
    return this.#text;
  }

  /** The hash of the server's text at `version`, without own edits that nobody has acknowledged. */
  get serverHash(): number {
    return (this.#state.kind === "synchronized" ? this.#text : this.#state.serverText).hash();
  }

  /** The last seq used. */
  get seq(): number {
    return this.#seq;
  }

  get state(): ReplicaState {
    return this.#state;
  }

  /** The submission in flight exactly as it was first sent, to be sent again after a reconnect; null if there is none. */
  pending(): OwnSubmission | null {
    return this.#state.kind === "synchronized" ? null : this.#state.sent;
  }

  /**
   * Applies an edit of the local view at once. Returns what to send now, or null if it waits in the buffer. Throws
   * OperationError if it does not fit, and has changed nothing.
   */
  edit(operation: Operation): OwnSubmission | null {
    if (operation.length === 0) return null;
    const misfit = this.#text.check(operation);
    if (misfit) throw new OperationError(misfit);
    this.#history.edited(operation, this.#text, this.#base);
    return this.#submit(operation);
  }

  /** Ends the group of edits that one undo takes back: the next edit begins a new one. */
  closeUndoGroup(): void {
    this.#history.closeGroup();
  }

  get canUndo(): boolean {
    return this.#history.canUndo;
  }

  get canRedo(): boolean {
    return this.#history.canRedo;
  }

  /**
   * Takes the newest group of own edits back, whatever others did meanwhile (OT-6): an edit like any other. Returns it and
   * what to send now; null if there is nothing to take back.
   */
  undo(): { operation: Operation; next: OwnSubmission | null } | null {
    return this.#taken(this.#history.undo(this.#text, this.#base));
  }

  /** Does again what the last undo took back, unless an edit came between; else as `undo`. */
  redo(): { operation: Operation; next: OwnSubmission | null } | null {
    return this.#taken(this.#history.redo(this.#text, this.#base));
  }

  #taken(operation: Operation | null): ReturnType<Replica["undo"]> {
    return operation && { operation, next: this.#submit(operation) };
  }

  /**
   * Takes in another's operation, the one after `version`, and returns it as the local view needs it. Throws
   * OperationError, having changed nothing, if it does not fit: then the replica is not in step with the server.
   */
  receive(operation: Operation): Operation {
    const state = this.#state;
    if (state.kind === "synchronized") {
      this.#text.apply(operation);
      this.#version += 1;
      this.#history.received(operation, { in_flight: operation, buffer: operation });
      return operation;
    }
    state.serverText.apply(operation);
    this.#version += 1;
    const inFlight = { ...state, operation: transform(state.operation, operation, "later") };
    const overBuffer = transform(operation, state.operation, "earlier");
    let local = overBuffer;
    if (state.kind === "awaiting_with_buffer") {
      const buffer = transform(state.buffer, local, "later");
      local = transform(local, state.buffer, "earlier");
      this.#await(inFlight, buffer);
    } else {
      this.#await(inFlight, undefined);
    }
    this.#text.apply(local);
    this.#history.received(local, { in_flight: operation, buffer: overBuffer });
    return local;
  }

  /**
   * The submission `seq` was accepted as `version`. Returns what to send next, or null. A repeated acknowledgement does
   * nothing. Throws ProtocolError for one of something never sent, or out of the stream's order.
   */
  acknowledge(seq: number, version: number): OwnSubmission | null {
    const state = this.#state;
    if (state.kind === "synchronized" || seq !== state.sent.seq) {
      if (seq > this.#seq) throw new ProtocolError(`Seq ${seq} is acknowledged, but was never sent.`);
      return null;
    }
    if (version !== this.#version + 1) {
      throw new ProtocolError(`Version ${version} is acknowledged right after version ${this.#version}.`);
    }
    this.#version = version;
    this.#history.acknowledged();
    if (state.kind === "awaiting") {
      this.#state = { kind: "synchronized" };
      return null;
    }
    state.serverText.apply(state.operation);
    return this.#send(state.buffer, state.serverText);
  }

  /**
   * What is in flight never left: what waits behind it joins it, as one submission. Returns what to send now; null where
   * the two come to nothing.
   */
  gather(): OwnSubmission | null {
    const state = this.#state;
    if (state.kind !== "awaiting_with_buffer") return this.pending();
    const operation = compose(state.operation, state.buffer);
    this.#history.flattened(state.operation);
    this.#seq -= 1;
    this.#state = { kind: "synchronized" };
    return operation.length === 0 ? null : this.#send(operation, state.serverText);
  }

  /**
   * The submission `seq` was refused for good. Returns the operation that takes it out of the local view, and what to
   * send next: the buffer survives, under the same seq, since a refusal uses none up. Null if `seq` is not in flight.
   */
  reject(seq: number): { operation: Operation; next: OwnSubmission | null } | null {
    const state = this.#state;
    if (state.kind === "synchronized" || seq !== state.sent.seq) return null;
    const undo = invert(state.operation, state.serverText);
    this.#seq -= 1;
    this.#state = { kind: "synchronized" };
    if (state.kind === "awaiting") {
      this.#text.apply(undo);
      this.#history.rejected(undo, undo);
      return { operation: undo, next: null };
    }
    const operation = transform(undo, state.buffer, "later");
    const buffer = transform(state.buffer, undo, "earlier");
    this.#text.apply(operation);
    this.#history.rejected(operation, undo);
    return { operation, next: buffer.length === 0 ? null : this.#send(buffer, state.serverText) };
  }

  /**
   * Goes over to `text` at `version`, to which the server cannot tell the way: a merge of the server's text as it was
   * known here, own edits, and `text`. `lastSeq` is the last seq accepted from this client.
   *
   * OT-7: every character of an own edit that the server has not accepted is afterwards either in the local view and
   * pending, or in `rescued`, once. What was in flight goes out anew, together with the buffer, as the seq after `lastSeq`.
   */
  merge({ text, version, lastSeq }: { text: string; version: number; lastSeq: number }): Merge {
    const state = this.#state;
    let own = nothing;
    let serverText = this.#text;
    if (state.kind !== "synchronized") {
      const buffer = state.kind === "awaiting" ? nothing : state.buffer;
      serverText = state.serverText;
      if (state.sent.seq <= lastSeq) {
        serverText.apply(state.operation);
        own = buffer;
        this.#history.acknowledged();
      } else {
        own = compose(state.operation, buffer);
        this.#history.flattened(state.operation);
      }
    }
    const change = difference(serverText.toString(), text);
    const orphans = orphansOf(own, change);
    const removal = removalOf(orphans);
    const kept = compose(own, removal);
    const local = transform(change, kept, "earlier");
    const operation = compose(removal, local);
    this.#history.received(removal, { in_flight: nothing, buffer: nothing });
    this.#history.received(local, { in_flight: change, buffer: nothing });
    this.#text.apply(operation);
    this.#version = version;
    this.#seq = lastSeq;
    this.#state = { kind: "synchronized" };
    const pending = transform(kept, change, "later");
    return {
      operation,
      rescued: orphans.map(({ at, text }) => ({ text, near: mapPosition(at, operation, "before") })),
      next: pending.length === 0 ? null : this.#send(pending, Text.from(text)),
    };
  }

  /**
   * Whether `accepted`, the operation after `version`, is the submission in flight: another may bear its seq, where two
   * write under one client id.
   */
  isInFlight(seq: number, accepted: Operation): boolean {
    const state = this.#state;
    return state.kind !== "synchronized" && state.sent.seq === seq && isOrWas(state.operation, accepted);
  }

  /**
   * The submission `seq` was refused because its base has left the log: what it comes to at `version` goes out anew, with
   * the buffer, under the same seq; or under the one after `lastSeq`, where this client is to count anew. Answers what to
   * send; null if `seq` is not in flight.
   */
  rebase(seq: number, lastSeq: number = seq - 1): OwnSubmission | null {
    const state = this.#state;
    if (state.kind === "synchronized" || seq !== state.sent.seq) return null;
    return this.merge({ text: state.serverText.toString(), version: this.#version, lastSeq }).next;
  }

  /** Where an edit made now goes. */
  get #base(): Base {
    const state = this.#state;
    return {
      layer: state.kind === "synchronized" ? "in_flight" : "buffer",
      buffer: state.kind === "awaiting_with_buffer" ? state.buffer : nothing,
    };
  }

  /** Applies an own edit that fits; what to send now. */
  #submit(operation: Operation): OwnSubmission | null {
    const state = this.#state;
    if (state.kind === "synchronized") {
      const serverText = this.#text.clone();
      this.#text.apply(operation);
      return this.#send(operation, serverText);
    }
    this.#text.apply(operation);
    this.#await(state, state.kind === "awaiting" ? operation : compose(state.buffer, operation));
    return null;
  }

  #send(operation: Operation, serverText: Text): OwnSubmission {
    this.#seq += 1;
    const { first, rest } = this.limits ? split(operation, this.limits) : { first: operation, rest: nothing };
    if (rest.length > 0) this.#history.divided(first);
    const sent = Object.freeze({ seq: this.#seq, base: this.#version, operation: first });
    this.#await({ sent, operation: first, serverText }, rest);
    return sent;
  }

  /** Goes on waiting; a buffer that has come to nothing is none. */
  #await({ sent, operation, serverText }: InFlight, buffer: Operation | undefined): void {
    this.#state =
      buffer === undefined || buffer.length === 0
        ? { kind: "awaiting", sent, operation, serverText }
        : { kind: "awaiting_with_buffer", sent, operation, serverText, buffer };
  }
}
