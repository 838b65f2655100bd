import { DurableObject } from "cloudflare:workers";
import { errorFields, log } from "../platform/log.ts";
import { count } from "../platform/metrics.ts";
import { closeCodes } from "../protocol/close-codes.ts";
import { limits } from "../protocol/limits.ts";
import { encodeError } from "../protocol/server-frames.ts";
import { AlarmClock } from "./alarm-clock.ts";
import type { FanoutParent, Feed, ViewerFanoutApi } from "./fanout-api.ts";
import { isNews, parentOf } from "./fanout-tree.ts";
import { Fanouts } from "./fanouts.ts";
import { FrameDebugging } from "./frame-debugging.ts";
import { Relay } from "./relay.ts";
import type { RoomResult, RoomStats } from "./room-api.ts";
import { watchRoom } from "./room-gauges.ts";
import { RoomMeter } from "./room-meter.ts";
import { SocketPeer } from "./socket-peer.ts";
import { answerClose, grantOf, leadTo, switchingTo, tagsOf } from "./upgrade.ts";
import { Viewers } from "./viewers.ts";

const toldKey = "told";

/**
 * The Durable Object for many viewers of one document, named `<document id>:<shard>`: one subscriber of the room, or of the fan-out above
 * it, whose frames it passes on to its viewers and to the fan-outs below. When it is full it leads viewers to those.
 * Where its viewers are lies in the attachment of one socket, so that a fan-out that slept passes on the next frame without
 * asking for the text.
 */
export class ViewerFanout extends DurableObject<Env> implements ViewerFanoutApi {
  readonly #debugging: FrameDebugging;
  readonly #peers = new Map<WebSocket, SocketPeer>();
  readonly #viewers: Viewers;
  /** The fan-outs below. */
  readonly #fanouts: Fanouts;
  readonly #relay: Relay;
  readonly #clock: AlarmClock;
  readonly #meter = new RoomMeter(Date.now());
  readonly #documentId: string;
  readonly #shard: number;
  /** How many viewers the one above was told of; undefined: it is not certain. */
  #told: number | undefined;
  /** Of that, what is kept over a sleep. */
  #storedTold: number | undefined;
  #willTell = false;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    const [documentId = "", shard] = (ctx.id.name ?? "").split(":");
    this.#documentId = documentId;
    this.#shard = Number(shard);
    watchRoom(this.#meter, "fanout", Date.now());
    ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair("ping", "pong"));
    const ports = {
      now: () => Date.now(),
      wakeBy: (at: number) => this.#clock.by(at),
      report: (error: unknown) => this.#report(error),
    };
    const storage = this.#meter.storage(ctx.storage);
    this.#debugging = new FrameDebugging({
      documentId,
      shard: this.#shard,
      kv: storage.kv,
      now: () => Date.now(),
      env,
    });
    this.#clock = new AlarmClock({ ...ports, storage });
    this.#relay = new Relay({
      ...ports,
      attach: (since) => this.#attach(since),
      broadcast: (frame, operations) => {
        this.#viewers.broadcast(frame, operations);
        this.#fanouts.send(frame);
      },
      moved: () => this.#viewers.carry(),
      restart: () => {
        this.#viewers.restart();
        this.#fanouts.renew();
      },
      renewBelow: () => this.#fanouts.renew(),
      deleted: () => void this.end().catch(ports.report),
      adopt: (changes) => this.#viewers.adopt(changes),
    });
    this.#viewers = new Viewers({
      ...ports,
      relay: this.#relay,
      room: () => this.#room,
      left: () => this.#tell(),
      authorize: (token, userId) => ctx.exports.SocketAccess.authorize(token, { userId, documentId }),
    });
    this.#fanouts = new Fanouts({
      ...ports,
      place: this.#shard,
      storage: storage.kv,
      fanout: (below) => env.FANOUTS.getByName(`${documentId}:${below}`),
      // The room has gathered.
      gatherMs: 0,
      later: (run, ms) => void setTimeout(run, ms),
    });
    this.#clock.add(this.#viewers.access);
    this.#clock.add(this.#fanouts);
    this.#storedTold = ctx.storage.kv.get<number>(toldKey);
    this.#told = this.#storedTold;
    const sockets = ctx.getWebSockets();
    // Sockets outlive sleep, and nothing else: it died, and what it had for those below with it (law FO-2).
    if (sockets.length === 0) this.#fanouts.renew();
    for (const socket of sockets) this.#restore(socket);
  }

  #restore(socket: WebSocket): void {
    const peer = SocketPeer.restore(socket, this.ctx, this.#observers);
    if (peer?.session.relayed) this.#relay.remember(peer.session.relayed);
    if (socket.readyState !== WebSocket.OPEN) return;
    if (peer) this.#join(socket, peer);
    else socket.close(closeCodes.restarted.code, "the server was updated");
  }

  get #room() {
    return this.env.ROOMS.getByName(this.#documentId);
  }

  get #parent(): FanoutParent {
    const parent = parentOf(this.#shard);
    return parent === undefined ? this.#room : this.env.FANOUTS.getByName(`${this.#documentId}:${parent}`);
  }

  // ── Sockets ────────────────────────────────────────────────────────────────────────────────────────────────────

  /** The upgrade of a viewer that was led here; where there is no place left, the fan-out below that is to take it. */
  override async fetch(request: Request): Promise<Response> {
    if (this.#viewers.size >= limits.fanoutViewers) return leadTo(this.#fanouts.route());
    const grant = grantOf(request);
    const { 0: client, 1: server } = new WebSocketPair();
    this.ctx.acceptWebSocket(server, tagsOf(request));
    count("materi_room_sockets_opened_total", { kind: "fanout" });
    this.#join(server, SocketPeer.open(server, this.ctx, this.#observers, { grant }));
    // Changes of access reach only those fan-outs that are subscribed.
    if (this.#relay.mirror) this.#tell();
    else await this.#relay.attach().catch((error) => this.#report(error));
    return switchingTo(client, request);
  }

  override webSocketMessage(socket: WebSocket, message: string | ArrayBuffer): void {
    const peer = this.#peers.get(socket);
    if (!peer) return;
    peer.heard(message);
    if (typeof message === "string") this.#viewers.receive(peer, message);
    else peer.send(encodeError({ code: "invalid_frame", detail: "frames are text, not binary" }));
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
    this.#meter.sockets = this.#peers.size;
    this.#viewers.join(peer);
  }

  #leave(socket: WebSocket): void {
    const peer = this.#peers.get(socket);
    this.#peers.delete(socket);
    if (peer) {
      this.#meter.sockets = this.#peers.size;
      count("materi_room_sockets_closed_total", { kind: "fanout" });
      this.#viewers.leave(peer);
      return;
    }
    // It was closed while the object slept, and may have been the one that bore the version.
    const relayed = SocketPeer.restore(socket, this.ctx, this.#observers)?.session.relayed;
    if (relayed) this.#relay.remember(relayed);
    this.#viewers.carry();
    this.#tell();
  }

  // ── The one above ──────────────────────────────────────────────────────────────────────────────────────────────

  /** Viewers here and below. */
  get #audience(): number {
    return this.#viewers.size + this.#fanouts.viewers;
  }

  /** Tells the one above how many viewers there are, if that is news; once for all who come and go in one turn. */
  #tell(): void {
    if (this.#willTell) return;
    this.#willTell = true;
    queueMicrotask(() => {
      this.#willTell = false;
      this.#count().catch((error: unknown) => {
        this.#told = undefined;
        this.#report(error);
      });
    });
  }

  async #count(): Promise<void> {
    const viewers = this.#audience;
    if (this.#told !== undefined && !isNews(viewers, this.#told)) return;
    this.#noteTold(viewers);
    const { subscribed } = await this.#parent.count(this.#shard, viewers);
    // It was let go of, and somebody came meanwhile; or the subscription was lost with a storage that was put back.
    if ((viewers === 0 || !subscribed) && this.#audience > 0) await this.#relay.attach({ isForced: true });
  }

  #noteTold(viewers: number): void {
    this.#told = viewers;
    if (viewers === 0) this.#relay.detach();
    if (this.#storedTold !== undefined && !isNews(viewers, this.#storedTold)) return;
    this.#storedTold = viewers;
    const { kv } = this.ctx.storage;
    if (viewers > 0) kv.put(toldKey, viewers);
    else kv.delete(toldKey);
  }

  async #attach(since: number | undefined): Promise<RoomResult<Feed>> {
    const viewers = this.#audience;
    const feed = await this.#parent.attach(this.#shard, { viewers, ...(since !== undefined && { since }) });
    if (feed.ok) {
      this.#noteTold(viewers);
      if (feed.framesShownUntil !== this.#debugging.until) this.#debugging.set(feed.framesShownUntil);
    }
    this.#tell();
    return feed;
  }

  async deliver(frames: string[] | undefined): Promise<{ viewers: number }> {
    if (this.#audience > 0) await this.#relay.deliver(frames);
    const viewers = this.#audience;
    this.#noteTold(viewers);
    return { viewers };
  }

  async setRole(...change: Parameters<ViewerFanoutApi["setRole"]>): ReturnType<ViewerFanoutApi["setRole"]> {
    const here = this.#viewers.setRole(...change);
    const below = await this.#fanouts.all((fanout) => fanout.setRole(...change));
    return { sockets: below.reduce((sum, { sockets }) => sum + sockets, here) };
  }

  async revoke(...change: Parameters<ViewerFanoutApi["revoke"]>): ReturnType<ViewerFanoutApi["revoke"]> {
    const here = this.#viewers.revoke(...change);
    const below = await this.#fanouts.all((fanout) => fanout.revoke(...change));
    return { sockets: below.reduce((sum, { sockets }) => sum + sockets, here) };
  }

  async forget(): Promise<void> {
    this.#relay.forget();
    await this.#fanouts.forget();
  }

  async end(): Promise<void> {
    this.#viewers.endAll(closeCodes.deleted, "the document was deleted");
    this.#relay.detach();
    await this.#fanouts.all((fanout) => fanout.end());
    this.#fanouts.reset();
    this.#storedTold = undefined;
    await this.#clock.settled();
    await this.ctx.storage.deleteAll();
    this.#clock.reset();
  }

  // ── The fan-outs below ─────────────────────────────────────────────────────────────────────────────────────────

  async attach(
    ...[shard, { viewers, since }]: Parameters<ViewerFanoutApi["attach"]>
  ): ReturnType<ViewerFanoutApi["attach"]> {
    const mirror = await this.#relay.copySince(since);
    // From here on nothing waits: what comes after the answer goes to the peer.
    if (!mirror) return { ok: false, code: "not_found", detail: "the document is gone" };
    this.#fanouts.subscribe(this.#fanouts.peerFor(shard, viewers));
    this.#tell();
    return {
      ok: true,
      ...mirror.feed(since),
      changes: this.#viewers.access.changes,
      framesShownUntil: this.#debugging.until,
    };
  }

  async count(
    ...[shard, viewers]: Parameters<ViewerFanoutApi["count"]>
  ): ReturnType<ViewerFanoutApi["count"]> {
    const known = this.#fanouts.count(shard, viewers);
    this.#tell();
    return known;
  }

  async debugFrames(until: number | undefined): Promise<void> {
    this.#debugging.set(until);
    await this.#fanouts.all((fanout) => fanout.debugFrames(until));
  }

  /** Who hears of every frame. */
  get #observers() {
    return { meter: this.#meter, debugging: this.#debugging };
  }

  async stats(): Promise<RoomStats> {
    const databaseBytes = this.ctx.storage.sql.databaseSize;
    return { ...this.#meter.usage, sockets: this.#viewers.size, databaseBytes };
  }

  override async alarm(info?: AlarmInvocationInfo): Promise<void> {
    this.#meter.usage.alarms += 1;
    await this.#clock.ring({ retryCount: info?.retryCount ?? 0 });
  }

  #report(error: unknown): void {
    log("error", "fanout_failed", {
      document_id: this.#documentId,
      shard: this.#shard,
      ...errorFields(error),
    });
  }
}
