import { closeCodes } from "../../src/protocol/close-codes.ts";
import type { FanoutSource, Feed, ViewerFanoutApi } from "../../src/room/fanout-api.ts";
import type { FanoutSession } from "../../src/room/fanout-peer.ts";
import { Fanouts } from "../../src/room/fanouts.ts";
import { Relay } from "../../src/room/relay.ts";
import type { Grant, RoomResult } from "../../src/room/room-api.ts";
import { subscribeFanout } from "../../src/room/subscribe-fanout.ts";
import { Viewers } from "../../src/room/viewers.ts";
import { personGrant, RecordedPeer, RoomHarness } from "./room-harness.ts";
import type { Frame } from "./socket.ts";

/** A room and one fan-out below it, without a runtime, in the room's time: what is between the two is the test's to break. */
export class FanoutHarness {
  readonly room: RoomHarness;
  /** What the room has stored of its fan-outs. */
  readonly stored = new Map<string, FanoutSession>();
  readonly fanouts: Fanouts;
  readonly reported: unknown[] = [];
  /** What was delivered, in order; undefined: that something was lost. */
  readonly deliveries: (string[] | undefined)[] = [];
  /** How often the fan-out subscribed. */
  attached = 0;
  /** What those below are told; `renew`: to attach anew. */
  readonly below: (Frame | "renew")[] = [];
  readonly open = new Set<RecordedPeer>();
  relay!: Relay;
  viewers!: Viewers;
  readonly #ann: RecordedPeer;
  #seq = 0;
  #timers: { run: () => void; at: number }[] = [];

  constructor(content = "text") {
    this.room = new RoomHarness(content);
    this.fanouts = new Fanouts({
      place: undefined,
      storage: {
        list: <T>() => [...this.stored] as unknown as Iterable<[string, T]>,
        put: (key, session) => void this.stored.set(key, session as FanoutSession),
        delete: (key) => this.stored.delete(key),
      },
      fanout: () => ({ deliver: (frames) => this.deliver(frames) }) as ViewerFanoutApi,
      gatherMs: 0,
      later: (run, ms) => this.#timers.push({ run, at: this.room.now + ms }),
      now: () => this.room.now,
      wakeBy: () => {},
      left: (peer) => this.room.room.leave(peer),
      report: (error) => this.reported.push(error),
    });
    this.wake();
    this.#ann = this.room.open("ann", "ann-1");
  }

  /** The fan-out as it is after a sleep: its sockets are there, its memory is not. */
  wake(): void {
    const report = (error: unknown) => void this.reported.push(error);
    this.relay = new Relay({
      attach: (since) => this.attach(since),
      broadcast: (frame, operations) => {
        this.viewers.broadcast(frame, operations);
        this.below.push(JSON.parse(frame));
      },
      moved: () => this.viewers.carry(),
      restart: () => this.viewers.restart(),
      renewBelow: () => this.below.push("renew"),
      deleted: () => this.viewers.endAll(closeCodes.deleted, "the document was deleted"),
      adopt: (changes) => this.viewers.adopt(changes),
      report,
    });
    this.viewers = new Viewers({
      relay: this.relay,
      now: () => this.room.now,
      wakeBy: () => {},
      authorize: (token, userId) => this.authorize(token, userId),
      room: () => this.asked,
      left: () => {},
      report,
    });
    for (const peer of this.open) {
      if (peer.closed !== undefined) continue;
      if (peer.session.relayed) this.relay.remember(peer.session.relayed);
      this.viewers.join(peer);
    }
  }

  // ── What is between the two ────────────────────────────────────────────────────────────────────────────────────

  attach = async (since: number | undefined): Promise<RoomResult<Feed>> => {
    this.attached += 1;
    const viewers = this.viewers.size;
    return subscribeFanout(this.room.room, this.fanouts, 0, {
      viewers,
      ...(since !== undefined && { since }),
    });
  };

  deliver: ViewerFanoutApi["deliver"] = async (frames) => {
    this.deliveries.push(frames);
    await this.relay.deliver(frames);
    return { viewers: this.viewers.size };
  };

  /** The room, as the fan-out's viewers ask it. */
  asked: Pick<FanoutSource, "recall" | "diverged"> = {
    recall: async (...about) => this.room.room.requests.recall(...about),
    diverged: async (report) => void this.room.divergences.push(report),
  };

  /** What the Worker says of a viewer's new token. */
  authorize = async (_token: string, userId: string): Promise<RoomResult<{ grant: Grant }>> => ({
    ok: true,
    grant: this.grant(userId),
  });

  // ── What a test does ───────────────────────────────────────────────────────────────────────────────────────────

  grant(userId: string, changes: Partial<Grant> = {}): Grant {
    return { ...personGrant(userId), role: "viewer", decidedAt: this.room.now, ...changes };
  }

  /** Opens a viewer's socket at the fan-out. */
  async join(userId: string, changes: Partial<Grant> = {}): Promise<RecordedPeer> {
    const peer = new RecordedPeer(this.grant(userId, changes));
    this.open.add(peer);
    this.viewers.join(peer);
    if (!this.relay.mirror) await this.relay.attach().catch((error) => this.reported.push(error));
    return peer;
  }

  /** Opens a socket that says hello, and reads the welcome. */
  async view(userId: string, changes: Partial<Grant> = {}, hello: object = {}): Promise<RecordedPeer> {
    const peer = await this.join(userId, changes);
    await this.ask(peer, { type: "hello", client_id: `${userId}-1`, ...hello });
    return peer;
  }

  send(peer: RecordedPeer, frame: object): void {
    this.viewers.receive(peer, JSON.stringify(frame));
  }

  /** Sends one frame, and gives what the peer was sent when nothing is on its way any more. */
  async ask(peer: RecordedPeer, frame: object): Promise<Frame[]> {
    this.send(peer, frame);
    await this.settle();
    return peer.take();
  }

  /** Ann inserts at the beginning; committed, and on its way. */
  write(text: string): void {
    this.#seq += 1;
    const frame = { type: "submit", seq: this.#seq, base: this.room.version, op: [text] };
    this.room.ask(this.#ann, frame);
  }

  /** Ann writes, and nothing is on its way any more. */
  async written(text: string): Promise<void> {
    this.write(text);
    await this.settle();
  }

  get ann(): RecordedPeer {
    return this.#ann;
  }

  /** Runs what is due, until nothing is. */
  async settle(): Promise<void> {
    this.room.turn();
    do {
      const due = this.#timers.filter(({ at }) => at <= this.room.now);
      this.#timers = this.#timers.filter(({ at }) => at > this.room.now);
      for (const { run } of due) run();
      // A turn in which every promise that can be settled is.
      await new Promise((resolve) => setTimeout(resolve));
    } while (this.#timers.some(({ at }) => at <= this.room.now));
  }

  async pass(ms: number): Promise<void> {
    this.room.now += ms;
    await this.settle();
  }
}

/** What becomes of a text by the operations among these frames. */
export const insertsOf = (frames: readonly Frame[]): string[] =>
  frames
    .filter(({ type }) => type === "operations")
    .flatMap(({ items }) => items.map(({ op }: Frame) => op[0]));
