import { DurableObject } from "cloudflare:workers";
import { errorFields, log } from "../platform/log.ts";
import { closeCodes } from "../protocol/close-codes.ts";
import { encodeError, subprotocol } from "../protocol/frames.ts";
import { limits } from "../protocol/limits.ts";
import { AlarmClock } from "./alarm-clock.ts";
import { type DivergenceReport, DivergenceReports } from "./divergence.ts";
import { MeteredOperationLog } from "./metered-operation-log.ts";
import { Room } from "./room.ts";
import type { Attendee, DocumentRoomApi, Grant, RoomResult, RoomStats } from "./room-api.ts";
import { RoomMeter } from "./room-meter.ts";
import { SocketPeer } from "./socket-peer.ts";

/**
 * The Durable Object of one document: sockets, storage and RPC around a `Room`, which decides everything. Sockets are
 * hibernatable and nothing is timed here, so that an idle room sleeps and costs nothing (law RM-7).
 */
export class DocumentRoom extends DurableObject<Env> implements DocumentRoomApi {
  readonly #room: Room;
  /** Whatever has to happen at a time is a task of this clock. */
  readonly #clock: AlarmClock;
  readonly #meter = new RoomMeter(Date.now());
  readonly #divergences: DivergenceReports;
  readonly #peers = new Map<WebSocket, SocketPeer>();

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair("ping", "pong"));
    const storage = this.#meter.storage(ctx.storage);
    this.#clock = new AlarmClock({
      storage,
      now: () => Date.now(),
      report: (error, task) => this.#report(error, { task }),
    });
    const log = new MeteredOperationLog(
      storage,
      { fullAt: limits.storageBytes, onDue: (at) => this.#clock.by(at) },
      this.#meter.usage,
    );
    this.#clock.add({ name: "upkeep", dueAt: () => log.upkeepDueAt(), run: (now) => void log.upkeep(now) });
    this.#divergences = new DivergenceReports(ctx.storage.kv);
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
    for (const task of this.#room.tasks) this.#clock.add(task);
    for (const socket of ctx.getWebSockets()) {
      if (socket.readyState !== WebSocket.OPEN) continue;
      const peer = SocketPeer.restore(socket, ctx, this.#meter);
      if (peer) this.#join(socket, peer);
      else socket.close(closeCodes.restarted.code, "the server was updated");
    }
  }

  // ── Sockets ────────────────────────────────────────────────────────────────────────────────────────────────────

  /** The upgrade of a socket that the Worker has admitted. */
  override async fetch(request: Request): Promise<Response> {
    const grant = JSON.parse(request.headers.get("x-materi-grant") ?? "") as Grant;
    const { 0: client, 1: server } = new WebSocketPair();
    this.ctx.acceptWebSocket(server);
    this.#join(server, SocketPeer.open(server, this.ctx, this.#meter, { grant }));
    const offered = request.headers.get("sec-websocket-protocol")?.split(/\s*,\s*/) ?? [];
    const headers = new Headers(
      offered.includes(subprotocol) ? { "sec-websocket-protocol": subprotocol } : {},
    );
    return new Response(null, { status: 101, webSocket: client, headers });
  }

  override webSocketMessage(socket: WebSocket, message: string | ArrayBuffer): void {
    const peer = this.#peers.get(socket);
    if (!peer) return;
    this.#meter.received(message);
    peer.heard();
    if (typeof message === "string") this.#room.receive(peer, message);
    else peer.send(encodeError({ code: "invalid_frame", detail: "frames are text, not binary" }));
  }

  override webSocketClose(socket: WebSocket, code: number, reason: string): void {
    this.#leave(socket);
    // The other half of the closing handshake, without which a hibernatable socket's client waits until 1006. The
    // codes that stand for "none was sent" may not be sent.
    if (code === 1006 || code === 1015) return;
    try {
      if (code === 1005) socket.close(1000);
      else socket.close(code, reason);
    } catch {
      // It is closed.
    }
  }

  override webSocketError(socket: WebSocket): void {
    this.#leave(socket);
  }

  #join(socket: WebSocket, peer: SocketPeer): void {
    this.#peers.set(socket, peer);
    this.#room.join(peer);
  }

  #leave(socket: WebSocket): void {
    const peer = this.#peers.get(socket);
    if (!peer) return;
    this.#peers.delete(socket);
    this.#room.leave(peer);
  }

  // ── RPC ────────────────────────────────────────────────────────────────────────────────────────────────────────

  async create(initial: Parameters<DocumentRoomApi["create"]>[0]): Promise<RoomResult<{ version: number }>> {
    return this.#room.create(initial);
  }

  async read(): Promise<RoomResult<{ version: number; content: string }>> {
    return this.#room.read();
  }

  async replaceContent(
    change: Parameters<DocumentRoomApi["replaceContent"]>[0],
  ): Promise<RoomResult<{ version: number }>> {
    return this.#room.replaceContent(change);
  }

  async attendees(): Promise<RoomResult<{ attendees: Attendee[] }>> {
    return this.#room.attendees();
  }

  async setRole(...change: Parameters<DocumentRoomApi["setRole"]>): Promise<{ sockets: number }> {
    return { sockets: this.#room.setRole(...change) };
  }

  async revoke(...change: Parameters<DocumentRoomApi["revoke"]>): Promise<{ sockets: number }> {
    return { sockets: this.#room.revoke(...change) };
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
    this.#room.end();
    await this.#clock.settled();
    await this.ctx.storage.deleteAll();
    this.#clock.reset();
  }

  // ── Alarm ──────────────────────────────────────────────────────────────────────────────────────────────────────

  override async alarm(info?: AlarmInvocationInfo): Promise<void> {
    this.#meter.usage.alarms += 1;
    await this.#clock.ring({ retryCount: info?.retryCount ?? 0 });
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
