import { DurableObject } from "cloudflare:workers";
import { errorFields, log } from "../platform/log.ts";
import { count } from "../platform/metrics.ts";
import { closeCodes } from "../protocol/close-codes.ts";
import { limits } from "../protocol/limits.ts";
import { encodeError } from "../protocol/server-frames.ts";
import { AlarmClock } from "./alarm-clock.ts";
import { type DivergenceReport, DivergenceReports } from "./divergence.ts";
import { EditAnnouncements } from "./edit-announcements.ts";
import type { FanoutSource } from "./fanout-api.ts";
import { Fanouts } from "./fanouts.ts";
import { FlushLog } from "./flush-log.ts";
import { FlushMetrics } from "./flush-metrics.ts";
import { FrameDebugging } from "./frame-debugging.ts";
import { HistoryAdmin } from "./history-admin.ts";
import { HistoryReader } from "./history-reader.ts";
import { MeteredOperationLog } from "./metered-operation-log.ts";
import { NamedVersions } from "./named-versions.ts";
import { OtherStates } from "./other-states.ts";
import { Room } from "./room.ts";
import type { Attendance, DocumentRoomApi, RoomResult, RoomStats } from "./room-api.ts";
import { watchRoom } from "./room-gauges.ts";
import { RoomMeter } from "./room-meter.ts";
import { SocketPeer } from "./socket-peer.ts";
import { subscribeFanout } from "./subscribe-fanout.ts";
import { answerClose, grantOf, leadTo, switchingTo, tagsOf } from "./upgrade.ts";

/**
 * The Durable Object of one document: sockets, storage and RPC around a `Room`, which decides everything. Sockets are
 * hibernatable and nothing is timed here, so that an idle room sleeps and costs nothing (law RM-7).
 */
export class DocumentRoom extends DurableObject<Env> implements DocumentRoomApi, FanoutSource {
  readonly #room: Room;
  /** Whatever has to happen at a time is a task of this clock. */
  readonly #clock: AlarmClock;
  readonly #fanouts: Fanouts;
  readonly #history: HistoryAdmin;
  readonly #past: HistoryReader;
  readonly #names: NamedVersions;
  readonly #flushes: FlushMetrics;
  readonly #meter = new RoomMeter(Date.now());
  readonly #divergences: DivergenceReports;
  readonly #announcements: EditAnnouncements;
  readonly #debugging: FrameDebugging;
  readonly #peers = new Map<WebSocket, SocketPeer>();
  readonly #others: OtherStates;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    watchRoom(this.#meter, "room", Date.now());
    ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair("ping", "pong"));
    const storage = this.#meter.storage(ctx.storage);
    this.#clock = new AlarmClock({
      storage,
      now: () => Date.now(),
      report: (error, task) => this.#report(error, { task }),
    });
    this.#flushes = new FlushMetrics(ctx.id.name, env.ANALYTICS);
    const flushLog = new FlushLog((run, ms) => void setTimeout(run, ms));
    const log = new MeteredOperationLog(
      storage,
      {
        fullAt: limits.storageBytes,
        onDue: (at) => this.#clock.by(at),
        onCommit: (at) => this.#announcements.edited(at),
      },
      {
        documentId: ctx.id.name,
        usage: this.#meter.usage,
        listeners: [(flush) => flushLog.ended(flush), (flush) => this.#flushes.ended(flush)],
      },
    );
    this.#clock.add({ name: "upkeep", dueAt: () => log.upkeepDueAt(), run: (now) => void log.upkeep(now) });
    this.#divergences = new DivergenceReports(ctx.storage.kv);
    this.#debugging = new FrameDebugging({
      documentId: ctx.id.name ?? "",
      kv: storage.kv,
      now: () => Date.now(),
      env,
    });
    this.#room = new Room({
      log,
      now: () => Date.now(),
      later: (flush, ms = 0) => void setTimeout(flush, ms),
      report: (error) => this.#report(error),
      diverged: (report) => this.#diverged(report),
      wakeBy: (at) => this.#clock.by(at),
      authorize: (token, userId) =>
        ctx.exports.SocketAccess.authorize(token, { userId, documentId: ctx.id.name ?? "" }),
    });
    this.#history = new HistoryAdmin({
      room: this.#room,
      log,
      storage: ctx.storage,
      clock: this.#clock,
      divergences: this.#divergences,
      report: (error) => this.#report(error, { task: "compaction" }),
    });
    this.#names = new NamedVersions({ requests: this.#room.requests, log, kv: storage.kv });
    this.#past = new HistoryReader({
      requests: this.#room.requests,
      log,
      report: (error) => this.#report(error),
    });
    for (const task of this.#room.tasks) this.#clock.add(task);
    this.#fanouts = new Fanouts({
      place: undefined,
      storage: storage.kv,
      fanout: (shard) => env.FANOUTS.getByName(`${ctx.id.name}:${shard}`),
      gatherMs: limits.fanoutMs,
      later: (run, ms) => void setTimeout(run, ms),
      now: () => Date.now(),
      wakeBy: (at) => this.#clock.by(at),
      joined: (peer) => this.#room.join(peer),
      left: (peer) => this.#room.leave(peer),
      report: (error) => this.#report(error),
    });
    this.#clock.add(this.#fanouts);
    this.#announcements = new EditAnnouncements({
      kv: storage.kv,
      version: () => log.version,
      announce: (edited) =>
        ctx.exports.EditedDocuments.announce({ ...edited, documentId: ctx.id.name ?? "" }),
      wakeBy: (at) => this.#clock.by(at),
    });
    this.#others = new OtherStates({
      requests: this.#room.requests,
      storage: ctx.storage,
      names: this.#names,
      divergences: this.#divergences,
      now: () => Date.now(),
      replaced: async () => {
        this.#announcements.edited(Date.now());
        await this.#fanouts.renewEvery();
      },
      restart: () => void setTimeout(() => ctx.abort("the storage is put back"), 0),
    });
    // The last, since the others would wait for it.
    this.#clock.add(this.#announcements);
    // Sockets outlive sleep, and nothing else: it died, and what it had for its fan-outs with it (law FO-2).
    if (ctx.getWebSockets().length === 0) this.#fanouts.renew();
    for (const socket of ctx.getWebSockets()) {
      if (socket.readyState !== WebSocket.OPEN) continue;
      const peer = SocketPeer.restore(socket, ctx, this.#observers);
      if (peer) this.#join(socket, peer);
      else socket.close(closeCodes.restarted.code, "the server was updated");
    }
  }

  // ── Sockets ────────────────────────────────────────────────────────────────────────────────────────────────────

  /** The upgrade of a socket that the Worker has admitted; for a viewer too many, the fan-out that is to. */
  override async fetch(request: Request): Promise<Response> {
    const grant = grantOf(request);
    if (grant.role === "viewer" && this.#viewers >= limits.directViewers) {
      return leadTo(this.#fanouts.route());
    }
    const { 0: client, 1: server } = new WebSocketPair();
    this.ctx.acceptWebSocket(server, tagsOf(request));
    count("materi_room_sockets_opened_total", { kind: "room" });
    this.#join(server, SocketPeer.open(server, this.ctx, this.#observers, { grant }));
    return switchingTo(client, request);
  }

  override webSocketMessage(socket: WebSocket, message: string | ArrayBuffer): void {
    const peer = this.#peers.get(socket);
    if (!peer) return;
    peer.heard(message);
    if (typeof message === "string") this.#room.receive(peer, message);
    else peer.send(encodeError({ code: "invalid_frame", detail: "frames are text, not binary" }));
  }

  override webSocketClose(socket: WebSocket, code: number, reason: string): void {
    this.#leave(socket);
    answerClose(socket, code, reason);
  }

  override webSocketError(socket: WebSocket): void {
    this.#leave(socket);
  }

  get #viewers(): number {
    let viewers = 0;
    for (const { session } of this.#peers.values()) if (session.grant.role === "viewer") viewers += 1;
    return viewers;
  }

  #join(socket: WebSocket, peer: SocketPeer): void {
    this.#peers.set(socket, peer);
    this.#meter.sockets = this.#peers.size;
    this.#room.join(peer);
  }

  #leave(socket: WebSocket): void {
    const peer = this.#peers.get(socket);
    if (!peer) return;
    this.#peers.delete(socket);
    this.#meter.sockets = this.#peers.size;
    count("materi_room_sockets_closed_total", { kind: "room" });
    this.#room.leave(peer);
  }

  // ── RPC ────────────────────────────────────────────────────────────────────────────────────────────────────────

  async create(initial: Parameters<DocumentRoomApi["create"]>[0]): Promise<RoomResult<{ version: number }>> {
    return this.#announcements.creating(() => this.#room.requests.create(initial));
  }

  async read(): Promise<RoomResult<{ version: number; content: string }>> {
    return this.#room.requests.read();
  }

  async replaceContent(
    change: Parameters<DocumentRoomApi["replaceContent"]>[0],
  ): Promise<RoomResult<{ version: number }>> {
    return this.#room.requests.replaceContent(change);
  }

  async readVersion(version: number): ReturnType<DocumentRoomApi["readVersion"]> {
    return this.#past.readVersion(version);
  }

  async changes(...page: Parameters<DocumentRoomApi["changes"]>): ReturnType<DocumentRoomApi["changes"]> {
    return this.#past.changes(...page);
  }

  async nameVersion(
    ...naming: Parameters<DocumentRoomApi["nameVersion"]>
  ): ReturnType<DocumentRoomApi["nameVersion"]> {
    return this.#names.nameVersion(...naming);
  }

  async namedVersions(
    ...page: Parameters<DocumentRoomApi["namedVersions"]>
  ): ReturnType<DocumentRoomApi["namedVersions"]> {
    return this.#names.namedVersions(...page);
  }

  async diff(...versions: Parameters<DocumentRoomApi["diff"]>): ReturnType<DocumentRoomApi["diff"]> {
    return this.#past.diff(...versions);
  }

  async restore(...to: Parameters<DocumentRoomApi["restore"]>): ReturnType<DocumentRoomApi["restore"]> {
    return this.#past.restore(...to);
  }

  async blame(...ask: Parameters<DocumentRoomApi["blame"]>): ReturnType<DocumentRoomApi["blame"]> {
    return this.#past.blame(...ask);
  }

  async life(): ReturnType<DocumentRoomApi["life"]> {
    const life = await this.#past.life();
    return life.ok ? { ...life, names: this.#names.all() } : life;
  }

  async records(...slice: Parameters<DocumentRoomApi["records"]>): ReturnType<DocumentRoomApi["records"]> {
    return this.#past.records(...slice);
  }

  async readUnless(
    ...known: Parameters<DocumentRoomApi["readUnless"]>
  ): ReturnType<DocumentRoomApi["readUnless"]> {
    return this.#room.requests.readUnless(...known);
  }

  async edit(...edit: Parameters<DocumentRoomApi["edit"]>): ReturnType<DocumentRoomApi["edit"]> {
    return this.#room.requests.edit(...edit);
  }

  async submit(...submission: Parameters<DocumentRoomApi["submit"]>): ReturnType<DocumentRoomApi["submit"]> {
    return this.#room.requests.submit(...submission);
  }

  async operations(
    ...slice: Parameters<DocumentRoomApi["operations"]>
  ): ReturnType<DocumentRoomApi["operations"]> {
    return this.#room.requests.operations(...slice);
  }

  async attendees(): Promise<RoomResult<Attendance>> {
    return this.#room.requests.attendees();
  }

  async setRole(...change: Parameters<DocumentRoomApi["setRole"]>): Promise<{ sockets: number }> {
    const here = this.#room.setRole(...change);
    const there = await this.#fanouts.all((fanout) => fanout.setRole(...change));
    return { sockets: there.reduce((sum, { sockets }) => sum + sockets, here) };
  }

  async revoke(...change: Parameters<DocumentRoomApi["revoke"]>): Promise<{ sockets: number }> {
    const here = this.#room.revoke(...change);
    const there = await this.#fanouts.all((fanout) => fanout.revoke(...change));
    return { sockets: there.reduce((sum, { sockets }) => sum + sockets, here) };
  }

  async attach(...[shard, audience]: Parameters<FanoutSource["attach"]>): ReturnType<FanoutSource["attach"]> {
    const feed = subscribeFanout(this.#room, this.#fanouts, shard, audience);
    return feed.ok ? { ...feed, framesShownUntil: this.#debugging.until } : feed;
  }

  async count(...[shard, viewers]: Parameters<FanoutSource["count"]>): ReturnType<FanoutSource["count"]> {
    return this.#fanouts.count(shard, viewers);
  }

  async diverged(report: DivergenceReport): Promise<void> {
    this.#diverged(report);
  }

  async recall(...about: Parameters<FanoutSource["recall"]>): ReturnType<FanoutSource["recall"]> {
    return this.#room.requests.recall(...about);
  }

  async redact(...request: Parameters<DocumentRoomApi["redact"]>): ReturnType<DocumentRoomApi["redact"]> {
    const redacted = await this.#history.redact(...request);
    if (redacted.ok) await this.#fanouts.forget();
    return redacted;
  }

  async checkIntegrity(): ReturnType<DocumentRoomApi["checkIntegrity"]> {
    return this.#history.checkIntegrity();
  }

  async retain(...setting: Parameters<DocumentRoomApi["retain"]>): ReturnType<DocumentRoomApi["retain"]> {
    return this.#history.retain(...setting);
  }

  async compact(): ReturnType<DocumentRoomApi["compact"]> {
    return this.#history.compact();
  }

  async putBack(...begin: Parameters<DocumentRoomApi["putBack"]>): ReturnType<DocumentRoomApi["putBack"]> {
    return this.#others.putBack(...begin);
  }

  async rewind(at: number): ReturnType<DocumentRoomApi["rewind"]> {
    return this.#others.rewind(at);
  }

  async replaceEpoch(): ReturnType<DocumentRoomApi["replaceEpoch"]> {
    return this.#others.replaceEpoch();
  }

  async debugFrames(until: number | undefined): ReturnType<DocumentRoomApi["debugFrames"]> {
    const known = this.#room.requests.head();
    if (!known.ok) return known;
    this.#debugging.set(until);
    await this.#fanouts.all((fanout) => fanout.debugFrames(until));
    return { ok: true };
  }

  /** Who hears of every frame. */
  get #observers() {
    return { meter: this.#meter, debugging: this.#debugging };
  }

  async stats(): Promise<RoomStats> {
    return {
      ...this.#meter.usage,
      sockets: this.#peers.size,
      databaseBytes: this.ctx.storage.sql.databaseSize,
    };
  }

  async divergences(): Promise<DivergenceReport[]> {
    return this.#divergences.list();
  }

  async erase(): Promise<void> {
    await this.#fanouts.all((fanout) => fanout.end());
    this.#room.end();
    this.#fanouts.reset();
    await this.#clock.settled();
    await this.ctx.storage.deleteAll();
    this.#clock.reset();
  }

  // ── Alarm ──────────────────────────────────────────────────────────────────────────────────────────────────────

  override async alarm(info?: AlarmInvocationInfo): Promise<void> {
    this.#meter.usage.alarms += 1;
    await this.#clock.ring({ retryCount: info?.retryCount ?? 0 });
    this.#flushes.tell(Date.now());
  }

  #diverged(report: DivergenceReport): void {
    const { version, hash, expected, actor, userId } = report;
    const fields = { version, hash, expected, actor, user_id: userId };
    log("error", "text_diverged", { document_id: this.ctx.id.name, ...fields });
    this.#divergences.add(report);
  }

  #report(error: unknown, fields: { task?: string | undefined } = {}): void {
    log("error", "room_failed", { document_id: this.ctx.id.name, ...fields, ...errorFields(error) });
  }
}
