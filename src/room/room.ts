import type { Verdict } from "../ot/authority.ts";
import { type Operation, replacement } from "../ot/operation.ts";
import {
  type ClientFrame,
  decodeClientFrame,
  type Hello,
  type Report,
  type SeedEdit,
  type Submit,
} from "../protocol/client-frames.ts";
import { type CloseCode, closeCodes } from "../protocol/close-codes.ts";
import { formOf } from "../protocol/frame-form.ts";
import { encodeError, encodeSlowDown, type Role } from "../protocol/server-frames.ts";
import type { AlarmTask } from "./alarm-clock.ts";
import { announceNewcomers } from "./announce-newcomers.ts";
import { type Batch, notStored } from "./batch.ts";
import { divergenceReport, dueCheck } from "./divergence.ts";
import { Flow } from "./flow.ts";
import { Gathering } from "./gathering.ts";
import { GuardedPeer } from "./guarded-peer.ts";
import { LiveAccess, type Whose } from "./live-access.ts";
import { LoadedRoom } from "./loaded-room.ts";
import type { Actor } from "./operation-log.ts";
import type { Peer } from "./peer.ts";
import { Presence } from "./presence.ts";
import {
  answerTo,
  isRepeat,
  mayEdit,
  noSuchDocument,
  type Refusal,
  refusalOf,
  storageFull,
} from "./refusals.ts";
import type { RoomPorts } from "./room-ports.ts";
import { RoomRequests } from "./room-requests.ts";
import { composeWelcome } from "./welcome.ts";

/** A batch is committed without waiting when it has this many entries: bounds one transaction and one frame. */
const batchEntries = 1_024;

/**
 * One document's room, without a runtime: puts concurrent operations into one version line (law RM-1).
 *
 * Law RM-4: between a frame's arrival and its place in the batch, and from the batch through the commit to the
 * broadcast, there is no `await`. Law RM-2: nothing tells anybody a version before `log.append` returned.
 *
 * Past 400 lines, since a frame's way from its arrival to the broadcast is read as one; what can be told apart has files of its own.
 */
export class Room {
  readonly #ports: RoomPorts;
  /** Those that are heard, and the guard that each is spoken to through. */
  readonly #guards = new Map<Peer, GuardedPeer>();
  readonly #peers = new Set<GuardedPeer>();
  readonly #access: LiveAccess;
  readonly #flow: Flow;
  readonly #presence: Presence;
  /** What is asked of it other than by sockets. */
  readonly requests: RoomRequests;
  readonly #gathering = new Gathering();
  #isComplete = false;
  #loaded: LoadedRoom | undefined;
  /** The version up to which the subscribers were told; undefined until it was loaded once. */
  #toldVersion: number | undefined;

  constructor(ports: RoomPorts) {
    this.#ports = ports;
    this.#flow = new Flow(() => ports.now());
    this.#access = new LiveAccess({
      ...ports,
      peers: this.#peers,
      flush: () => this.flush(),
      end: (...end) => this.#end(...end),
    });
    this.#presence = new Presence({
      now: () => ports.now(),
      deliverAfter: (ms) => ports.later(() => this.#deliverPresence(), ms),
      subscribers: () => this.#subscribers(),
      wakeBy: (at) => ports.wakeBy(at),
    });
    this.requests = new RoomRequests({
      ...ports,
      flush: () => this.flush(),
      load: () => this.#load(),
      isCurrent: (room) => this.#loaded === room,
      dropMemory: () => this.#dropMemory(),
      restart: (reason) => this.#restart(reason),
      present: () =>
        [...this.#peers].filter((peer) => !this.#presence.isSilent(peer)).map((peer) => peer.session),
    });
  }

  /** What the room does at a time. */
  get tasks(): readonly AlarmTask[] {
    return [this.#access, this.#presence.sweep];
  }

  /** A socket was opened, or was there before the room woke. Nothing is sent (law WR-2). */
  join(socket: Peer): void {
    const peer = new GuardedPeer(socket, (broken, error) => this.#broken(broken, error));
    this.#guards.set(socket, peer);
    this.#peers.add(peer);
    try {
      if (!this.#access.admit(peer)) return;
      this.#presence.join(peer);
      if (peer.session.actor) this.#loaded?.actors.restore(peer.session.actor);
    } catch (error) {
      this.#ports.report(error);
      this.#end(peer, closeCodes.restarted, "the room could not take the socket in");
    }
  }

  leave(socket: Peer): void {
    const peer = this.#guards.get(socket);
    if (peer) this.#forget(peer);
  }

  #forget(peer: GuardedPeer): void {
    this.#guards.delete(peer.socket);
    this.#peers.delete(peer);
    try {
      this.#presence.leave(peer);
    } catch (error) {
      this.#ports.report(error);
    }
  }

  /** One message of a socket. Whatever it holds, it harms nobody else and never throws (law RM-6). */
  receive(socket: Peer, message: string): void {
    // A socket that was superseded or ended may still have had messages under way.
    const peer = this.#guards.get(socket);
    if (!peer) return;
    let frame: ClientFrame = { type: "unknown" };
    try {
      if (this.#access.endIfExpired(peer, this.#ports.now())) return;
      this.#presence.heard(peer);
      const pause = this.#flow.admit(peer, message.length);
      if (pause === Number.POSITIVE_INFINITY) {
        this.#end(peer, closeCodes.tooFast, "far too many frames, though told to slow down");
        return;
      }
      frame = decodeClientFrame(message);
      if (pause > 0) {
        this.#putOff(peer, frame, pause);
        return;
      }
      if (frame.type === "unknown") return;
      const refusal = this.#answer(peer, frame);
      if (refusal) this.#refuse(peer, refusal);
      if (this.#isComplete || (this.#loaded && this.#loaded.batch.entries.length >= batchEntries))
        this.flush();
    } catch (error) {
      this.#fail(peer, error, frame);
    }
  }

  /** Law FL-1: the frame has no effect, and may come again. */
  #putOff(peer: Peer, frame: ClientFrame, pause: number): void {
    if (frame.type === "submit") this.#flow.hold(peer, frame.seq);
    const answer = encodeSlowDown(frame, pause);
    if (answer !== undefined) this.#tell(peer, answer);
  }

  /** The room threw on a frame: memory may be wrong, and the frame's sender is told to send it again. */
  #fail(peer: Peer, error: unknown, frame: ClientFrame): void {
    this.#ports.report(error);
    this.#dropMemory();
    const detail = "the room failed on this frame, which had no effect";
    peer.send(encodeError({ ...answerTo(frame), code: "internal", detail }));
  }

  /** Closes a socket; what it still sends is not heard. */
  #end(peer: Peer, { code }: CloseCode, reason: string): void {
    this.#forget(peer as GuardedPeer);
    peer.close(code, reason);
  }

  /** It missed a frame. It is closed when the frames that are being sent have been: it may be among many. */
  #broken(peer: GuardedPeer, error: unknown): void {
    this.#ports.report(error);
    const end = () => this.#end(peer, closeCodes.restarted, "a frame could not be sent");
    try {
      this.#ports.later(end);
    } catch {
      end();
    }
  }

  /** What the subscribers have is no longer certain: they come back, and resume by version. */
  #restart(reason = "the room was read anew"): void {
    for (const peer of [...this.#subscribers()]) this.#end(peer, closeCodes.restarted, reason);
  }

  // ── Access ─────────────────────────────────────────────────────────────────────────────────────────────────────

  setRole(userId: string, role: Role, reason: string): number {
    return this.#access.setRole(userId, role, reason);
  }

  revoke(whose: Whose, reason: string): number {
    return this.#access.revoke(whose, reason);
  }

  get accessChanges(): LiveAccess["changes"] {
    return this.#access.changes;
  }

  // ── Frames ─────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Does what the frame asks, or returns why not. */
  #answer(peer: Peer, frame: Exclude<ClientFrame, { type: "unknown" }>): Refusal | undefined {
    if (frame.type === "refused") return frame;
    if (frame.type === "auth") {
      this.#access.renew(peer, frame.token).catch((error: unknown) => this.#fail(peer, error, frame));
      return undefined;
    }
    if (frame.type === "hello") return this.#welcome(peer, frame);
    const room = this.#load();
    if (!room) return { ...answerTo(frame), ...noSuchDocument };
    if (frame.type === "report") return this.#reported(peer, frame);
    if (frame.type === "presence") return this.#presence.receive(room, peer, frame);
    if (!mayEdit(peer) && !isRepeat(room, peer, frame)) {
      return { ...answerTo(frame), code: "forbidden", detail: "a viewer does not edit" };
    }
    if (this.#ports.log.isFull && !isRepeat(room, peer, frame)) return { ...answerTo(frame), ...storageFull };
    return frame.type === "submit" ? this.#submit(room, peer, frame) : this.#editAsSeed(room, peer, frame);
  }

  #welcome(peer: Peer, hello: Hello): Refusal | undefined {
    // What is not committed must not be seen, nor sent twice: as part of the welcome and as a broadcast.
    this.flush();
    const room = this.#load();
    if (!room) return noSuchDocument;
    const { grant } = peer.session;
    const actor = room.actors.intern({ clientId: hello.clientId, userId: grant.userId, kind: grant.kind });
    for (const other of this.#peers) {
      // Two sockets that write as one client would share one `seq`; the newer one is the one that is alive.
      if (other !== peer && other.session.actor?.actor === actor.actor) {
        this.#end(other, closeCodes.superseded, "this client id was opened by another socket");
      }
    }
    const { actor: before, short: wasShort = false } = peer.session;
    const { short = false } = hello;
    if (before?.actor !== actor.actor) {
      this.#presence.leave(peer);
      const { presence: _, ...session } = peer.session;
      peer.saveSession({ ...session, actor, short, since: this.#ports.now() });
      if (before) room.actors.forget(before);
    } else if (short !== wasShort) {
      peer.saveSession({ ...peer.session, short });
    }
    const presence = this.#presence.itemsFor(room, actor.actor);
    const welcome = composeWelcome(room, hello, { actor, grant }, presence);
    peer.send(welcome);
    this.#flow.welcomed(peer, welcome.length);
    this.#access.watch(peer);
    this.#presence.watch();
    return undefined;
  }

  #reported(peer: Peer, report: Report): Refusal | undefined {
    const { actor } = peer.session;
    if (!actor) return { code: "hello_required", detail: "say hello first" };
    this.#ports.diverged(divergenceReport(report, actor, this.#ports.now()));
    return undefined;
  }

  #submit(room: LoadedRoom, peer: Peer, frame: Submit): Refusal | undefined {
    const { seq, base, operation } = frame;
    const { actor } = peer.session;
    if (this.#flow.isHeld(peer, seq)) {
      this.#putOff(peer, frame, 1);
      return undefined;
    }
    if (!actor) return { code: "hello_required", detail: "say hello first", seq };
    const verdict = this.#accept(room, actor, seq, base, operation);
    if (verdict.kind === "accepted") {
      room.batch.acknowledge(peer, seq);
    } else if (verdict.kind === "duplicate") {
      // Its first acceptance may be in the batch, and nobody hears of a version before its commit.
      this.flush();
      if (this.#loaded !== room) return { ...notStored, seq };
      peer.send(formOf(peer.session).ack(seq, verdict.version));
    } else {
      return { ...refusalOf(verdict), seq };
    }
    return undefined;
  }

  /** The seed's frame: without a base it means the current version, and positions past the end mean the end. */
  #editAsSeed(room: LoadedRoom, peer: Peer, edit: SeedEdit): Refusal | undefined {
    const { grant } = peer.session;
    if (edit.userId !== undefined && edit.userId !== grant.userId) {
      return { code: "user_mismatch", detail: "`user_id` is not the user of the token", seed: true };
    }
    const { version, text } = room.authority;
    let { position, deleted } = edit;
    if (edit.baseVersion === undefined) {
      position = Math.min(position, text.length);
      deleted = Math.min(deleted, text.length - position);
    }
    const actor = room.actors.intern({ clientId: null, userId: grant.userId, kind: grant.kind });
    const operation = replacement(position, deleted, edit.inserted);
    const verdict = this.#accept(room, actor, room.nextSeq(actor), edit.baseVersion ?? version, operation);
    if (verdict.kind === "accepted") room.batch.answerSeedEdit(peer);
    else if (verdict.kind !== "duplicate") return { ...refusalOf(verdict), seed: true };
    return undefined;
  }

  #refuse(peer: Peer, refusal: Refusal): void {
    this.#tell(peer, encodeError(refusal));
  }

  /** In its place among the answers that wait for the batch, or at once where none waits. */
  #tell(peer: Peer, frame: string): void {
    const batch = this.#loaded?.batch;
    if (batch && !batch.isEmpty) batch.tell(peer, frame);
    else peer.send(frame);
  }

  #accept(room: LoadedRoom, actor: Actor, seq: number, base: number, operation: Operation): Verdict {
    const { batch } = room;
    const answered = room.authority.lastOf(actor.actor)?.version ?? 0;
    const now = this.#ports.now();
    const verdict = room.accept(actor, seq, base, operation, now);
    if (verdict.kind === "accepted") {
      const due = this.#gathering.add(actor.actor, base >= answered, now);
      this.#isComplete = due === "now";
      if (typeof due === "number") this.#flushIn(batch, due);
    }
    return verdict;
  }

  #flushIn(batch: Batch, ms: number): void {
    const flush = () => {
      if (this.#loaded?.batch !== batch) return;
      if (ms === 0 && this.#gathering.goesOn()) this.#flushIn(batch, 0);
      else this.flush();
    };
    if (ms > 0) this.#ports.later(flush, ms);
    else this.#ports.later(flush);
  }

  /** Ends the room for everyone: its document is gone. Storage is the caller's to delete. */
  end(): void {
    for (const peer of [...this.#peers]) this.#end(peer, closeCodes.deleted, "the document was deleted");
    this.#loaded = undefined;
    this.#gathering.begin();
    this.#toldVersion = undefined;
  }

  // ── Commit ─────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Group commit: one transaction for everything accepted since the last one, then one frame for each socket. */
  flush(): void {
    const room = this.#loaded;
    if (!room || room.batch.isEmpty) return;
    const { batch } = room;
    try {
      room.commit(this.#ports.now());
    } catch (error) {
      // Memory is ahead of what can be proved (law RM-4).
      this.#ports.report(error);
      this.#dropMemory();
      return;
    }
    this.#toldVersion = room.authority.version;
    this.#gathering.begin();
    this.#isComplete = false;
    try {
      announceNewcomers(room, batch, this.#subscribers());
      batch.deliver(this.#subscribers());
      const check = dueCheck(room.authority, batch.from - 1);
      for (const peer of this.#subscribers()) {
        if (check) peer.send(check);
        if (this.#flow.isBehind(peer)) this.#end(peer, closeCodes.tooSlow, "too much was sent and not read");
      }
    } catch (error) {
      // Who got which frame is not known.
      this.#ports.report(error);
      this.#restart();
    }
    try {
      this.#presence.deliver(room);
    } catch (error) {
      this.#ports.report(error);
    }
  }

  /** What was accepted is committed first: nobody is shown a place in a version before its commit (law RM-2). */
  #deliverPresence(): void {
    try {
      this.flush();
      this.#presence.woken(this.#load());
    } catch (error) {
      this.#ports.report(error);
    }
  }

  *#subscribers(): Iterable<GuardedPeer> {
    for (const peer of this.#peers) if (peer.session.actor) yield peer;
  }

  /** The room in memory, read from the log where it is not there; undefined if it was never created. */
  #load(): LoadedRoom | undefined {
    if (this.#loaded) return this.#loaded;
    this.#loaded = LoadedRoom.load(this.#ports.log);
    if (!this.#loaded) return undefined;
    for (const { session } of this.#peers) if (session.actor) this.#loaded.actors.restore(session.actor);
    const { version } = this.#loaded.authority;
    // Storage has, or lacks, what a commit that failed was to bring: nobody's stream leads there.
    if (this.#toldVersion !== undefined && this.#toldVersion !== version) this.#restart();
    this.#toldVersion = version;
    return this.#loaded;
  }

  /** Memory may be wrong: the next frame reads it anew from the log. Those who wait for an answer may send again. */
  #dropMemory(): void {
    const batch = this.#loaded?.batch;
    this.#loaded = undefined;
    this.#gathering.begin();
    batch?.refuse();
  }
}
