import { Authority, type Submission, type Verdict } from "../../../src/ot/authority.ts";
import type { Operation } from "../../../src/ot/operation.ts";
import { transform } from "../../../src/ot/transform.ts";
import { decodeClientFrame, encodeSubmit } from "../../../src/protocol/client-frames.ts";
import { encodeRole, type Role } from "../../../src/protocol/server-frames.ts";
import { Batch } from "../../../src/room/batch.ts";
import type { Commit } from "../../../src/room/operation-log.ts";
import type { Peer } from "../../../src/room/peer.ts";
import { Room } from "../../../src/room/room.ts";
import type { RoomPorts } from "../../../src/room/room-ports.ts";
import { SimulatedLog } from "./ledger.ts";
import type { ServerParts } from "./simulated-server.ts";

/** Something done wrong on purpose: other parts for the server, or a method of the engine or the room replaced. */
export interface Sabotage {
  parts?: Partial<ServerParts>;
  /** Returns what undoes it. */
  install?: () => () => void;
}

/** Says that it stored what it has only noted; it is written when the log is next read, and a dying process loses it. */
class LateLog extends SimulatedLog {
  #unwritten: Commit[] = [];

  override append(commit: Commit): void {
    const { appendFault } = this;
    if (appendFault) super.append(commit);
    else this.#unwritten.push(commit);
    if (this.#unwritten.length > 3) this.#writeAll();
  }

  #writeAll(): void {
    for (const commit of this.#unwritten.splice(0)) this.write(commit);
  }

  override load() {
    this.#writeAll();
    return super.load();
  }

  override read(from: number, to: number) {
    this.#writeAll();
    return super.read(from, to);
  }

  override find(actor: number, seq: number) {
    this.#writeAll();
    return super.find(actor, seq);
  }

  override processDied(): void {
    this.#unwritten = [];
  }
}

/** As if `receive` waited between transforming an operation and accepting it, while other frames go on. */
class WaitingRoom extends Room {
  readonly #ports: RoomPorts;

  constructor(ports: RoomPorts) {
    super(ports);
    this.#ports = ports;
  }

  override receive(peer: Peer, message: string): void {
    const frame = decodeClientFrame(message);
    const before = frame.type === "submit" ? this.requests.read() : undefined;
    if (frame.type !== "submit" || !before?.ok || frame.base > before.version) {
      super.receive(peer, message);
      return;
    }
    let operation: Operation = frame.operation;
    for (const accepted of this.#ports.log.read(frame.base, before.version))
      operation = transform(operation, accepted.operation, "later");
    this.#ports.later(() => {
      const now = this.requests.read();
      if (now.ok) super.receive(peer, encodeSubmit({ seq: frame.seq, base: now.version, operation }));
    });
  }
}

/** A role that changes is told, and not held. */
class TellingRoom extends Room {
  readonly #told = new Set<Peer>();

  override join(peer: Peer): void {
    this.#told.add(peer);
    super.join(peer);
  }

  override setRole(userId: string, role: Role, reason: string): number {
    for (const peer of this.#told)
      if (peer.session.actor && peer.session.grant.userId === userId) peer.send(encodeRole(role, reason));
    return this.#told.size;
  }
}

/** Replaces `Authority.accept`. */
const accepting =
  (
    accept: (
      authority: Authority,
      submission: Submission,
      real: typeof Authority.prototype.accept,
    ) => Verdict,
  ) =>
  () => {
    const real = Authority.prototype.accept;
    Authority.prototype.accept = function (submission) {
      return accept(this, submission, real);
    };
    return () => {
      Authority.prototype.accept = real;
    };
  };

/** What laws RM-2, RM-3, RM-4, AC-1 and OT-2 forbid, each done once; and a storage that was put back under its old name. */
export const sabotages: Record<string, Sabotage> = {
  "RM-2: acknowledging before the commit": { parts: { Log: LateLog } },
  "RM-3: no memory of what was accepted": {
    install: accepting((authority, submission, real) => {
      const seq = (authority.lastOf(submission.actor)?.seq ?? 0) + 1;
      return real.call(authority, { ...submission, seq });
    }),
  },
  "RM-4: an await between transforming and accepting": { parts: { Room: WaitingRoom } },
  "RM-4: an await between commit and broadcast": {
    install: () => {
      const real = Batch.prototype.deliver;
      let waiting: (() => void) | undefined;
      Batch.prototype.deliver = function (...args) {
        const subscribers = [...args[0]];
        // It comes after the one that waits, as promises do.
        waiting?.();
        waiting = () => real.call(this, subscribers);
        setTimeout(() => {
          waiting?.();
          waiting = undefined;
        }, 0);
      };
      return () => {
        Batch.prototype.deliver = real;
      };
    },
  },
  "AC-1: a role that is told and not held": { parts: { Room: TellingRoom } },
  "an older storage under the same epoch": {
    parts: {
      Log: class extends SimulatedLog {
        override replaceEpoch(): void {}
      },
    },
  },
  "OT-2: one transform left out": {
    install: accepting((authority, submission, real) => {
      const { base } = submission;
      return real.call(authority, base < authority.version ? { ...submission, base: base + 1 } : submission);
    }),
  },
};
