import { type ClientFrame, decodeClientFrame, type Hello, type Report } from "../protocol/client-frames.ts";
import { type CloseCode, closeCodes } from "../protocol/close-codes.ts";
import { encodeOperations, shortForm } from "../protocol/frame-form.ts";
import { limits } from "../protocol/limits.ts";
import { encodeError, encodeSlowDown, type OperationList, type Role } from "../protocol/server-frames.ts";
import { divergenceReport } from "./divergence.ts";
import type { FanoutSource, Feed } from "./fanout-api.ts";
import { Flow } from "./flow.ts";
import { LiveAccess, type LiveAccessPorts, type Whose } from "./live-access.ts";
import type { Peer } from "./peer.ts";
import { presenceRefusal } from "./presence.ts";
import type { Refusal } from "./refusals.ts";
import type { Relay } from "./relay.ts";
import { TokenBucket } from "./token-bucket.ts";

export interface ViewersPorts extends Pick<LiveAccessPorts, "now" | "wakeBy" | "authorize" | "report"> {
  relay: Relay;
  /** The document's room, for the little that only it knows. */
  room(): Pick<FanoutSource, "recall" | "diverged">;
  /** There is one less. */
  left(): void;
}

/** Reports of differing texts that a fan-out hands to the room: those of one fault are many, and alike. */
const reportRate = { perSecond: 1 / 600, burst: limits.keptReports };

/**
 * The viewers of one fan-out, without a runtime: sockets that are told what the room tells, under the room's rules, and that
 * change nothing.
 */
export class Viewers {
  readonly access: LiveAccess;
  readonly #ports: ViewersPorts;
  readonly #open = new Set<Peer>();
  readonly #flow: Flow;
  readonly #reports: TokenBucket;
  /** Keeps where all of them are over a sleep. */
  #carrier: Peer | undefined;

  constructor(ports: ViewersPorts) {
    this.#ports = ports;
    this.#flow = new Flow(ports.now);
    this.#reports = new TokenBucket(reportRate, ports.now());
    this.access = new LiveAccess({
      ...ports,
      peers: this.#open,
      flush: () => {},
      end: (peer, code, reason) => this.#end(peer, code, reason),
    });
  }

  get size(): number {
    return this.#open.size;
  }

  join(peer: Peer): void {
    this.#open.add(peer);
    if (this.access.admit(peer)) this.#endIfPromoted(peer);
  }

  leave(peer: Peer): void {
    if (!this.#open.delete(peer)) return;
    if (peer === this.#carrier) this.#carrier = undefined;
    // After a sleep it is not known who bore it.
    if (!this.#carrier) this.carry();
    this.#ports.left();
  }

  #end(peer: Peer, { code }: CloseCode, reason: string): void {
    peer.close(code, reason);
    this.leave(peer);
  }

  endAll(code: CloseCode, reason: string): void {
    for (const peer of [...this.#open]) this.#end(peer, code, reason);
  }

  /** Those who said hello are closed: they come back, and resume by version. */
  restart(): void {
    for (const peer of [...this.#subscribed()]) this.#end(peer, closeCodes.restarted, "resume from the room");
  }

  *#subscribed(): Iterable<Peer> {
    for (const peer of this.#open) if (peer.session.actor) yield peer;
  }

  /** Leaves it with an open socket where all of them are, for the time after a sleep. */
  carry(): void {
    const { head } = this.#ports.relay;
    if (!head) return;
    this.#carrier ??= this.#subscribed()[Symbol.iterator]().next().value;
    this.#carrier?.saveSession({ ...this.#carrier.session, relayed: head });
  }

  /** `operations` is what the frame tells, where it has a short form. */
  broadcast(frame: string, operations?: OperationList): void {
    let short: string | undefined;
    for (const peer of [...this.#subscribed()]) {
      if (operations && peer.session.short) {
        short ??= encodeOperations(shortForm, operations);
        peer.send(short);
      } else peer.send(frame);
      if (this.#flow.isBehind(peer)) this.#end(peer, closeCodes.tooSlow, "too much was sent and not read");
    }
  }

  // ── Access ─────────────────────────────────────────────────────────────────────────────────────────────────────

  setRole(userId: string, role: Role, reason: string): number {
    const changed = this.access.setRole(userId, role, reason);
    for (const peer of [...this.#open]) this.#endIfPromoted(peer);
    return changed;
  }

  revoke(whose: Whose, reason: string): number {
    return this.access.revoke(whose, reason);
  }

  /** Changes that those above remember, and that may be of viewers who came before the news. */
  adopt(changes: Feed["changes"]): void {
    this.access.adopt(changes);
    for (const peer of [...this.#open]) if (this.access.admit(peer)) this.#endIfPromoted(peer);
  }

  async #renew(peer: Peer, token: string): Promise<void> {
    await this.access.renew(peer, token);
    if (this.#open.has(peer)) this.#endIfPromoted(peer);
  }

  /** Who may edit belongs to the room itself. */
  #endIfPromoted(peer: Peer): void {
    if (peer.session.grant.role === "viewer") return;
    this.#end(peer, closeCodes.moved, "you may edit now: connect again");
  }

  // ── Frames ─────────────────────────────────────────────────────────────────────────────────────────────────────

  /** One message of a socket. Whatever it holds, it harms nobody else (law RM-6). */
  receive(peer: Peer, message: string): void {
    if (!this.#open.has(peer) || this.access.endIfExpired(peer, this.#ports.now())) return;
    const pause = this.#flow.admit(peer, message.length);
    if (pause === Number.POSITIVE_INFINITY) {
      this.#end(peer, closeCodes.tooFast, "far too many frames, though told to slow down");
      return;
    }
    const frame = decodeClientFrame(message);
    if (pause > 0) {
      const answer = encodeSlowDown(frame, pause);
      if (answer !== undefined) peer.send(answer);
      return;
    }
    const refusal = this.#answer(peer, frame);
    if (refusal) peer.send(encodeError(refusal));
  }

  /** Does what the frame asks, or returns why not. */
  #answer(peer: Peer, frame: ClientFrame): Refusal | undefined {
    switch (frame.type) {
      case "refused":
        return frame;
      case "hello":
        this.#answerLater(peer, this.#welcome(peer, frame));
        return undefined;
      case "auth":
        this.#answerLater(peer, this.#renew(peer, frame.token));
        return undefined;
      case "report":
        return this.#reported(peer, frame);
      case "presence": {
        if (!peer.session.actor) return helloRequired;
        const { head, mirror } = this.#ports.relay;
        // It is shown to nobody, and refused like everybody's.
        return head && presenceRefusal(frame.version, head.version, mirror?.horizon ?? 0);
      }
      case "submit":
        return { ...notEditing, seq: frame.seq };
      case "seed":
        return { ...notEditing, seed: true };
      default:
        return undefined;
    }
  }

  #answerLater(peer: Peer, answering: Promise<void>): void {
    answering.catch((error: unknown) => {
      this.#ports.report(error);
      peer.send(
        encodeError({ code: "unavailable", detail: "the document's room cannot answer now; send it again" }),
      );
    });
  }

  #reported(peer: Peer, report: Report): Refusal | undefined {
    const { actor } = peer.session;
    if (!actor) return helloRequired;
    const now = this.#ports.now();
    if (this.#reports.take(1, now) > 0) return undefined;
    this.#ports
      .room()
      .diverged(divergenceReport(report, actor, now))
      .catch((error: unknown) => this.#ports.report(error));
    return undefined;
  }

  async #welcome(peer: Peer, hello: Hello): Promise<void> {
    const { relay } = this.#ports;
    const { generation } = relay;
    const { userId, kind } = peer.session.grant;
    const writer = { clientId: hello.clientId, userId, kind };
    let self = { actor: 0, lastSeq: 0 };
    let missed: string[] | undefined;
    // A viewer whose last submission, from when it might edit, is not acknowledged must learn whether it was accepted.
    if (hello.lastSeq !== undefined) {
      const recalled = await this.#ports.room().recall(writer, hello.since);
      if (!recalled.ok) {
        peer.send(encodeError({ code: recalled.code, detail: recalled.detail }));
        return;
      }
      self = recalled;
      missed = recalled.items;
    }
    const known = (hello.since ?? 0) + (missed?.length ?? 0);
    // Who comes from the room itself may be ahead by what is under way.
    const mirror = await relay.copyAt(known);
    // From here to the last line nothing waits: a frame of the room comes before the welcome or after it.
    if (!mirror || !this.#open.has(peer)) return;
    // What was recalled, or copied, may have been taken out of the history meanwhile.
    if (generation !== relay.generation) return this.#welcome(peer, hello);
    // Of a storage before this one: its versions say nothing.
    if (hello.epoch !== undefined && hello.epoch !== mirror.epoch) missed = undefined;
    if (missed) {
      const later = mirror.since(known);
      if (!later) throw new Error("the operations after those of the room are not kept");
      missed = [...missed, ...later];
    }
    for (const other of [...this.#subscribed()]) {
      const { actor } = other.session;
      if (other !== peer && actor?.clientId === hello.clientId && actor.userId === userId) {
        this.#end(other, closeCodes.superseded, "this client id was opened by another socket");
      }
    }
    const welcome = mirror.welcome(hello, { ...self, grant: peer.session.grant }, missed);
    peer.send(welcome);
    this.#flow.welcomed(peer, welcome.length);
    peer.saveSession({
      ...peer.session,
      actor: { actor: self.actor, ...writer },
      short: hello.short === true,
      since: this.#ports.now(),
      relayed: { version: mirror.version, epoch: mirror.epoch },
    });
    this.access.watch(peer);
  }
}

const helloRequired = { code: "hello_required", detail: "say hello first" } as const;
const notEditing = { code: "forbidden", detail: "a viewer does not edit" } as const;
