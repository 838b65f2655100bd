import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { DocumentSession } from "../../src/client/document-session.ts";
import { insertion, type Operation } from "../../src/ot/operation.ts";
import { Replica } from "../../src/ot/replica.ts";
import { mapSelection, type Selection } from "../../src/ot/selection.ts";
import { Text } from "../../src/ot/text.ts";
import { limits } from "../../src/protocol/limits.ts";
import type { PresenceItem } from "../../src/protocol/presence.ts";
import { alphabetNames, Random, randomOperation, randomPoints } from "../support/ot-random.ts";
import { readFrame } from "../support/read-frame.ts";
import type { RoomHarness } from "../support/room-harness.ts";
import type { NetworkSocket } from "../support/room-network.ts";
import { settle, setUp } from "../support/session-setup.ts";
import type { Frame } from "../support/socket.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A session whose frames the test delivers, and an oracle of what it must see: it has every operation and every frame. */
class Observed {
  readonly session: DocumentSession;
  readonly #socket: NetworkSocket;
  readonly #room: RoomHarness;
  readonly #toRoom: string[] = [];
  readonly #toSession: Frame[] = [];
  /** Fed with the same edits and frames, for what is in flight and in the buffer. */
  readonly #replica: Replica;
  /** The last frame of each of the others. */
  readonly #shown = new Map<number, { version: number; selections: Selection[] }>();

  constructor(session: DocumentSession, socket: NetworkSocket, room: RoomHarness) {
    this.session = session;
    this.#socket = socket;
    this.#room = room;
    this.#replica = new Replica({ version: session.version, text: session.text });
    socket.send = (frame) => void this.#toRoom.push(frame);
    socket.peer.send = (frame) => void this.#toSession.push(readFrame(frame));
  }

  edit(operation: Operation): void {
    this.session.edit(operation);
    this.#replica.edit(operation);
  }

  deliver(): boolean {
    const outgoing = this.#toRoom.shift();
    if (outgoing !== undefined) this.#room.send(this.#socket.peer, outgoing);
    return outgoing !== undefined;
  }

  receive(): boolean {
    const frame = this.#toSession.shift();
    if (frame === undefined) return false;
    if (frame.type === "error") throw new Error(JSON.stringify(frame));
    for (const [index, { op, actor, seq }] of frame.type === "operations" ? frame.items.entries() : []) {
      if (actor === this.#socket.peer.session.actor?.actor)
        this.#replica.acknowledge(seq, frame.from + index);
      else this.#replica.receive(op);
    }
    if (frame.type === "ack") this.#replica.acknowledge(frame.seq, frame.version);
    for (const { actor, gone, selections } of frame.type === "presence" ? frame.items : []) {
      if (gone) this.#shown.delete(actor);
      else this.#shown.set(actor, { version: frame.version, selections });
    }
    this.#socket.emit("message", { data: JSON.stringify(frame) });
    return true;
  }

  /** Every selection of the others that the session must have, taken from its frame through all operations since. */
  expected(): [number, readonly Selection[]][] {
    const { state, version } = this.#replica;
    return [...this.#shown].map(([actor, shown]) => {
      const steps = this.#room.log
        .read(shown.version, version)
        .map((accepted): [Operation, boolean] => [accepted.operation, accepted.actor === actor]);
      if (state.kind !== "synchronized") steps.push([state.operation, false]);
      if (state.kind === "awaiting_with_buffer") steps.push([state.buffer, false]);
      return [
        actor,
        shown.selections.map((selection) =>
          steps.reduce<Selection>(
            (at, [operation, own]) => mapSelection(at, operation, own ? "owner" : "other"),
            selection,
          ),
        ),
      ];
    });
  }

  seen(): [number, readonly Selection[]][] {
    return this.session.others.map(({ actor, selections }) => [actor, selections]);
  }
}

const isSame = (one: unknown, other: unknown) => JSON.stringify(one) === JSON.stringify(other);

describe("PR-2: what a session sees is what an oracle with all operations finds", () => {
  const firstSeed = 20_261_124;
  for (const alphabet of alphabetNames) {
    it(`three sessions that type, move and wait at random, ${alphabet}, seeds from ${firstSeed}`, async () => {
      let compared = 0;
      let moved = 0;
      for (let seed = firstSeed; seed < firstSeed + 40; seed++) {
        const random = new Random(seed);
        const { room, network, session } = setUp(randomPoints(random, alphabet, 12).join(""));
        const sessions = ["ann", "ben", "eve"].map((user) => session(user));
        await settle(room);
        const all = sessions.map((each, index) => new Observed(each, network.sockets[index]!, room));
        const compare = (context: string) => {
          for (const each of all) {
            const [seen, expected] = [each.seen(), each.expected()];
            compared += seen.length;
            // Plain comparison first: an assertion for each would be most of the time.
            if (!isSame(seen, expected)) expect(seen, `seed ${seed}, ${context}`).toEqual(expected);
          }
        };
        for (let step = 0; step < 300; step++) {
          const one = random.pick(all);
          const { text } = one.session;
          const action = random.int(10);
          if (action < 2) {
            one.edit(randomOperation(random, alphabet, [...text]).operation);
          } else if (action < 4) {
            one.session.setPresence([[random.int(text.length + 1), random.int(text.length + 1)]]);
          } else if (action < 6) {
            one.deliver();
          } else if (action < 9) {
            one.receive();
          } else {
            room.pass(25);
            vi.advanceTimersByTime(25);
          }
          if (random.chance(0.5)) room.turn();
          compare(`step ${step}`);
        }
        for (let quiet = 0; quiet < 5; quiet++) {
          while (all.filter((each) => each.deliver() || each.receive()).length > 0) room.turn();
          room.pass(limits.commitMs);
          vi.advanceTimersByTime(limits.commitMs);
        }
        compare("at rest");
        // All see what the room tells a newcomer: places in the text, between characters.
        const newcomer = room.open("newcomer");
        room.send(newcomer, { type: "hello", client_id: "newcomer-1" });
        const [welcome] = newcomer.take();
        const known = new Map(welcome.presence.map((item: PresenceItem) => [item.actor, item.selections]));
        const text = Text.from(room.text);
        for (const each of all) {
          expect(each.session.text).toBe(room.text);
          for (const [actor, selections] of each.seen()) {
            moved += 1;
            expect(selections, `seed ${seed}`).toEqual(known.get(actor));
            for (const place of selections.flat().filter((position) => position > 0)) {
              expect(text.check(insertion(place, "x")), `seed ${seed}`).toBeUndefined();
            }
          }
          each.session.close();
        }
      }
      expect(compared).toBeGreaterThan(20_000);
      expect(moved).toBeGreaterThan(200);
    });
  }
});
