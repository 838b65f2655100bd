import { DurableObject } from "cloudflare:workers";
import { errorFields, type LogFields, log } from "../platform/log.ts";
import { decodeClientFrame, type Hello, type Refused } from "../protocol/client-frames.ts";
import { type CloseCode, closeCodes } from "../protocol/close-codes.ts";
import { limits } from "../protocol/limits.ts";
import { encodePresence, type PresenceFrame } from "../protocol/presence.ts";
import {
  type Actors,
  encodeActors,
  encodeError,
  encodeItem,
  encodeOperations,
  encodeSlowDown,
  type Item,
  type Operations,
  type Role,
  type Welcome,
} from "../protocol/server-frames.ts";
import { AlarmClock } from "./alarm-clock.ts";
import type { FanoutSource, ViewerFanoutApi } from "./fanout-api.ts";
import { Flow } from "./flow.ts";
import { LiveAccess, type Whose } from "./live-access.ts";
import { Mirror } from "./mirror.ts";
import type { Session } from "./peer.ts";
import type { RoomStats } from "./room-api.ts";
import { RoomMeter } from "./room-meter.ts";
import { SocketPeer } from "./socket-peer.ts";
import { answerClose, grantOf, switchingTo } from "./upgrade.ts";

/** Frames that the room means for the fan-out itself. */
const own: ReadonlySet<unknown> = new Set([
  "welcome",
  "ack",
  "error",
  "role",
  "auth",
  "auth_expiring",
  "slow_down",
]);

/** A frame of the room, as far as passing it on needs to know it. */
type RoomFrame = Operations | Actors | PresenceFrame | { type: string; version?: number; hash?: number };

/**
 * The Durable Object for many viewers of one document, named `<document id>:<shard>`: one subscriber of the room, which
 * passes the room's frames on. Its viewers all have the same version. That version lies in the attachment of one socket
 * (`relayed`), so that a fan-out which slept passes on the next frame without asking for the text; the text is
 * fetched, and followed from there on, when somebody says hello.
 *
 * Law FO-1: viewers get the versions one by one. What does not follow on theirs is fetched from the room first.
 */
export class ViewerFanout extends DurableObject<Env> implements ViewerFanoutApi {
  readonly #peers = new Map<WebSocket, SocketPeer>();
  readonly #open = new Set<SocketPeer>();
  readonly #access: LiveAccess;
  readonly #clock: AlarmClock;
  readonly #flow = new Flow(() => Date.now());
  readonly #meter = new RoomMeter(Date.now());
  readonly #documentId: string;
  readonly #shard: number;
  /** The version of every viewer that said hello; undefined: there is none, or it is not known. */
  #version: number | undefined;
  #carrier: SocketPeer | undefined;
  #mirror: Mirror | undefined;
  #attaching: Promise<void> | undefined;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    const [documentId = "", shard] = (ctx.id.name ?? "").split(":");
    this.#documentId = documentId;
    this.#shard = Number(shard);
    ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair("ping", "pong"));
    this.#clock = new AlarmClock({
      storage: ctx.storage,
      now: () => Date.now(),
      report: (error) => this.#report(error),
    });
    this.#access = new LiveAccess({
      peers: this.#open,
      now: () => Date.now(),
      wakeBy: (at) => this.#clock.by(at),
      authorize: (token, userId) => ctx.exports.SocketAccess.authorize(token, { userId, documentId }),
      report: (error) => this.#report(error),
      flush: () => {},
      end: (peer, code, reason) => this.#end(peer as SocketPeer, code, reason),
    });
    this.#clock.add(this.#access);
    for (const socket of ctx.getWebSockets()) {
      const peer = SocketPeer.restore(socket, ctx, this.#meter);
      if (peer) this.#remember(peer.session);
      if (socket.readyState !== WebSocket.OPEN) continue;
      if (peer) this.#join(socket, peer);
      else socket.close(closeCodes.restarted.code, "the server was updated");
    }
  }

  get #room(): FanoutSource {
    return this.env.ROOMS.getByName(this.#documentId);
  }

  // ── Sockets ────────────────────────────────────────────────────────────────────────────────────────────────────

  /** The upgrade of a viewer that the room has sent here; 503 if there is no place left. */
  override async fetch(request: Request): Promise<Response> {
    if (this.#open.size >= limits.fanoutViewers) return new Response(null, { status: 503 });
    const grant = grantOf(request);
    const { 0: client, 1: server } = new WebSocketPair();
    this.ctx.acceptWebSocket(server);
    this.#join(server, SocketPeer.open(server, this.ctx, this.#meter, { grant }));
    // Changes of access reach only those fan-outs that are subscribed.
    if (!this.#mirror) await this.#attach().catch((error) => this.#report(error));
    return switchingTo(client, request);
  }

  override webSocketMessage(socket: WebSocket, message: string | ArrayBuffer): void {
    const peer = this.#peers.get(socket);
    if (!peer || !this.#open.has(peer)) return;
    this.#meter.received(message);
    peer.heard();
    if (this.#access.endIfExpired(peer, Date.now())) return;
    if (typeof message !== "string") {
      peer.send(encodeError({ code: "invalid_frame", detail: "frames are text, not binary" }));
      return;
    }
    const pause = this.#flow.admit(peer, message.length);
    if (pause === Number.POSITIVE_INFINITY) {
      this.#end(peer, closeCodes.tooFast, "far too many frames, though told to slow down");
      return;
    }
    const frame = decodeClientFrame(message);
    if (pause > 0) {
      const answer = encodeSlowDown(frame, pause);
      if (answer !== undefined) peer.send(answer);
    } else if (frame.type === "refused") peer.send(encodeError(frame));
    else if (frame.type === "hello") void this.#hello(peer, frame);
    else if (frame.type === "auth") void this.#renew(peer, frame.token);
    else if (frame.type === "report")
      log(
        "error",
        "text_diverged",
        this.#fields({ version: frame.version, hash: frame.hash, user_id: peer.session.grant.userId }),
      );
    else if (frame.type === "submit") refuseEdit(peer, { seq: frame.seq });
    else if (frame.type === "seed") refuseEdit(peer, { seed: true });
  }

  override webSocketClose(socket: WebSocket, code: number, reason: string): void {
    this.#leave(socket);
    answerClose(socket, code, reason);
  }

  override webSocketError(socket: WebSocket): void {
    this.#leave(socket);
  }

  #join(socket: WebSocket, peer: SocketPeer): void {
    this.#peers.set(socket, peer);
    this.#open.add(peer);
    if (this.#access.admit(peer)) this.#endIfPromoted(peer);
  }

  #leave(socket: WebSocket): void {
    const peer = this.#peers.get(socket) ?? SocketPeer.restore(socket, this.ctx, this.#meter);
    if (!peer) return;
    this.#remember(peer.session);
    this.#peers.delete(socket);
    this.#forget(peer);
  }

  #end(peer: SocketPeer, { code }: CloseCode, reason: string): void {
    peer.close(code, reason);
    this.#forget(peer);
  }

  #forget(peer: SocketPeer): void {
    this.#open.delete(peer);
    if (peer === this.#carrier) this.#carrier = undefined;
    this.#carry();
  }

  *#viewers(): Iterable<SocketPeer> {
    for (const peer of this.#open) if (peer.session.actor) yield peer;
  }

  // ── The version ────────────────────────────────────────────────────────────────────────────────────────────────

  #remember({ relayed }: Session): void {
    if (relayed !== undefined) this.#version = Math.max(this.#version ?? 0, relayed);
  }

  /** Leaves the version with a socket that is open, for the time after a sleep. */
  #carry(): void {
    this.#carrier ??= this.#viewers()[Symbol.iterator]().next().value;
    if (!this.#carrier) this.#version = undefined;
    else if (this.#version !== undefined && this.#carrier.session.relayed !== this.#version) {
      this.#carrier.saveSession({ ...this.#carrier.session, relayed: this.#version });
    }
  }

  // ── From the room ──────────────────────────────────────────────────────────────────────────────────────────────

  async deliver(frames: string[] | undefined): Promise<{ viewers: number }> {
    if (this.#open.size === 0) {
      this.#mirror = undefined;
      return { viewers: 0 };
    }
    // What comes now follows on what the room is just answering.
    await this.#attaching?.catch(() => {});
    if (!frames || !this.#relay(frames)) await this.#attach();
    return { viewers: this.#open.size };
  }

  /** Passes frames on, as far as they follow on what the viewers have (law FO-1); false if something is missing. */
  #relay(frames: readonly string[]): boolean {
    // Nobody has said hello, and nobody has been answered from a text that would now be old.
    if (this.#version === undefined && this.#mirror === undefined) return true;
    for (const frame of frames) {
      const parsed: RoomFrame = JSON.parse(frame);
      if (own.has(parsed.type)) continue;
      if ("from" in parsed) {
        if (!this.#relayOperations(parsed, frame)) return false;
        continue;
      }
      if (!("actors" in parsed)) {
        const version = this.#mirror?.version ?? this.#version ?? 0;
        if (parsed.version !== undefined && parsed.version > version) return false;
        // It is of a time before the last attaching, which told what came of it.
        if (parsed.version !== undefined && parsed.version < version) continue;
        if ("items" in parsed) this.#mirror?.show(parsed);
        // A text that is not the room's is not to be handed out.
        if ("hash" in parsed && this.#mirror && this.#mirror.hash() !== parsed.hash) this.#mirror = undefined;
      } else {
        this.#mirror?.learn(parsed.actors);
      }
      this.#broadcast(frame);
    }
    return true;
  }

  #relayOperations({ from, items }: Operations, frame: string): boolean {
    const next = (this.#mirror?.version ?? this.#version ?? 0) + 1;
    if (from > next) return false;
    const news = items.slice(next - from);
    if (news.length === 0) return true;
    this.#mirror?.apply(news);
    if (this.#version !== undefined) this.#version += news.length;
    this.#broadcast(from === next ? frame : encodeOperations(next, news.map(itemJson)));
    this.#carry();
    return true;
  }

  #broadcast(frame: string): void {
    for (const peer of [...this.#viewers()]) {
      peer.send(frame);
      if (this.#flow.isBehind(peer)) this.#end(peer, closeCodes.tooSlow, "too much was sent and not read");
    }
  }

  /** Subscribes to the room, and brings the viewers to its version. Throws if the room does not answer. */
  #attach(): Promise<void> {
    this.#attaching ??= this.#attachOnce().finally(() => {
      this.#attaching = undefined;
    });
    return this.#attaching;
  }

  async #attachOnce(): Promise<void> {
    const since = this.#version;
    const answer = await this.#room.attach(this.#shard, {
      viewers: this.#open.size,
      ...(since !== undefined && { since }),
    });
    if (!answer.ok) {
      if (answer.code === "not_found") this.#endAll(closeCodes.deleted, "the document was deleted");
      else throw new Error(`the room refused a fan-out: ${answer.code}`);
      return;
    }
    this.#access.adopt(answer.changes);
    const before = this.#mirror;
    const welcome: Welcome = JSON.parse(answer.welcome);
    this.#mirror = new Mirror(welcome, welcome.text ?? answer.text ?? "");
    for (const peer of [...this.#open]) if (this.#access.admit(peer)) this.#endIfPromoted(peer);
    // Viewers who were welcomed meanwhile have the version that all had.
    const had = this.#version;
    if (had === undefined) return;
    const isRestored = before !== undefined && before.epoch !== welcome.epoch;
    if (isRestored || !welcome.operations || welcome.operations.from !== had + 1) {
      if (welcome.version === had && !isRestored) return;
      for (const peer of [...this.#viewers()]) this.#end(peer, closeCodes.restarted, "resume from the room");
      return;
    }
    const { items } = welcome.operations;
    // Nothing was missed: this was for the sake of the text.
    if (!before && items.length === 0) return;
    this.#broadcast(encodeActors(this.#mirror.actors));
    if (items.length > 0) this.#broadcast(encodeOperations(had + 1, items.map(itemJson)));
    this.#version = welcome.version;
    this.#carry();
    const shown = welcome.presence.map((item) => JSON.stringify(item));
    const gone = [...(before?.presence.keys() ?? [])].filter((actor) => !this.#mirror?.presence.has(actor));
    const presence = [...shown, ...gone.map((actor) => JSON.stringify({ actor, gone: true }))];
    if (presence.length > 0) this.#broadcast(encodePresence(welcome.version, presence));
  }

  // ── Viewers ────────────────────────────────────────────────────────────────────────────────────────────────────

  async #hello(peer: SocketPeer, hello: Hello): Promise<void> {
    try {
      await this.#welcome(peer, hello);
    } catch (error) {
      this.#report(error);
      peer.send(encodeError({ code: "unavailable", detail: "the document's room cannot answer now" }));
    }
  }

  async #welcome(peer: SocketPeer, hello: Hello): Promise<void> {
    const { userId, kind } = peer.session.grant;
    const writer = { clientId: hello.clientId, userId, kind };
    let self = { actor: 0, lastSeq: 0 };
    let missed: string[] | undefined;
    // A viewer whose last submission, from when it might edit, is not acknowledged must learn whether it was accepted.
    if (hello.lastSeq !== undefined) {
      const recalled = await this.#room.recall(writer, hello.since);
      if (!recalled.ok) {
        peer.send(encodeError({ code: recalled.code, detail: recalled.detail }));
        return;
      }
      self = recalled;
      missed = recalled.items;
    }
    const known = hello.since === undefined ? 0 : hello.since + (missed?.length ?? 0);
    // Who comes from the room itself may be ahead by what is under way.
    if (!this.#mirror || this.#mirror.version < known) {
      // An attaching that is under way may have been answered before.
      await this.#attaching;
      if (!this.#mirror || this.#mirror.version < known) await this.#attach();
    }
    // From here to the last line nothing waits: a frame of the room comes before the welcome or after it.
    const mirror = this.#mirror;
    if (!mirror || !this.#open.has(peer)) return;
    // Of a storage before this one: its versions say nothing.
    if (hello.epoch !== undefined && hello.epoch !== mirror.epoch) missed = undefined;
    if (missed) {
      const later = mirror.since(known);
      if (!later) throw new Error("the operations after those of the room are not kept");
      missed = [...missed, ...later];
    }
    for (const other of [...this.#viewers()]) {
      const { actor } = other.session;
      if (other !== peer && actor?.clientId === hello.clientId && actor.userId === userId) {
        this.#end(other, closeCodes.superseded, "this client id was opened by another socket");
      }
    }
    const welcome = mirror.welcome(hello, { ...self, grant: peer.session.grant }, missed);
    peer.send(welcome);
    this.#flow.welcomed(peer, welcome.length);
    this.#version = mirror.version;
    peer.saveSession({
      ...peer.session,
      actor: { actor: self.actor, ...writer },
      since: Date.now(),
      relayed: mirror.version,
    });
    this.#access.watch(peer);
  }

  async #renew(peer: SocketPeer, token: string): Promise<void> {
    await this.#access.renew(peer, token);
    if (this.#open.has(peer)) this.#endIfPromoted(peer);
  }

  /** Who may edit belongs to the room itself. */
  #endIfPromoted(peer: SocketPeer): void {
    if (peer.session.grant.role === "viewer") return;
    this.#end(peer, closeCodes.moved, "you may edit now: connect again");
  }

  // ── RPC ────────────────────────────────────────────────────────────────────────────────────────────────────────

  async setRole(userId: string, role: Role, reason: string): Promise<{ sockets: number }> {
    const sockets = this.#access.setRole(userId, role, reason);
    for (const peer of [...this.#open]) this.#endIfPromoted(peer);
    return { sockets };
  }

  async revoke(whose: Whose, reason: string): Promise<{ sockets: number }> {
    return { sockets: this.#access.revoke(whose, reason) };
  }

  async end(): Promise<void> {
    this.#endAll(closeCodes.deleted, "the document was deleted");
    await this.#clock.settled();
    await this.ctx.storage.deleteAll();
    this.#clock.reset();
  }

  async stats(): Promise<RoomStats> {
    const databaseBytes = this.ctx.storage.sql.databaseSize;
    return { ...this.#meter.usage, sockets: this.#open.size, databaseBytes };
  }

  override async alarm(info?: AlarmInvocationInfo): Promise<void> {
    await this.#clock.ring({ retryCount: info?.retryCount ?? 0 });
  }

  #endAll(code: CloseCode, reason: string): void {
    for (const peer of [...this.#open]) this.#end(peer, code, reason);
    this.#mirror = undefined;
  }

  #report(error: unknown): void {
    log("error", "fanout_failed", this.#fields(errorFields(error)));
  }

  #fields(fields: LogFields): LogFields {
    return { document_id: this.#documentId, shard: this.#shard, ...fields };
  }
}

const itemJson = ({ op, actor, seq }: Item): string => encodeItem(JSON.stringify(op), actor, seq);

function refuseEdit(peer: SocketPeer, answerTo: Pick<Refused, "seq" | "seed">): void {
  if (!peer.session.actor && answerTo.seq !== undefined) {
    peer.send(encodeError({ ...answerTo, code: "hello_required", detail: "say hello first" }));
    return;
  }
  peer.send(encodeError({ ...answerTo, code: "forbidden", detail: "a viewer does not edit" }));
}
