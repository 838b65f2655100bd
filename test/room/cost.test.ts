import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it, vi } from "vitest";
import page from "../../docs/cost.md?raw";
import { costTables, type MeasuredRoom } from "../../scripts/cost/document-costs.ts";
import { limits } from "../../src/protocol/limits.ts";
import type { RoomStats } from "../../src/room/room-api.ts";
import { grantOf, newRoom, openRoomSocket, type TestSocket } from "../support/socket.ts";

async function room(content = "") {
  const id = await newRoom(content);
  const stub = env.ROOMS.getByName(id);
  const join = async (userId: string): Promise<TestSocket> => {
    const socket = await openRoomSocket(id, grantOf(userId));
    await socket.ask({ type: "hello", client_id: `${userId}-1` });
    return socket;
  };
  /** What `act` made the room use. */
  const use = async (act: () => Promise<unknown>): Promise<RoomStats> => {
    const before = await stub.stats();
    await act();
    const after = await stub.stats();
    const entries = Object.entries(after).map(([name, value]) => [
      name,
      value - before[name as keyof RoomStats],
    ]);
    return Object.fromEntries(entries) as unknown as RoomStats;
  };
  return { id, stub, join, use };
}

const submit = (seq: number, base: number, ...op: (string | number)[]) => ({ type: "submit", seq, base, op });

/** A person sends frames as if all of them had come in one turn of the event loop, so that they share a commit. */
async function inOneTurn(
  stub: Awaited<ReturnType<typeof room>>["stub"],
  userId: string,
  frames: object[],
): Promise<void> {
  await runInDurableObject(stub, async (instance, state) => {
    const socket = state
      .getWebSockets()
      .find((each) => each.deserializeAttachment().session.grant.userId === userId);
    for (const frame of frames) instance.webSocketMessage(socket!, JSON.stringify(frame));
    await new Promise((resolve) => setTimeout(resolve, 10));
  });
}

/** Edits of a text, one after the other. */
class Typist {
  readonly #socket: TestSocket;
  version = 0;
  #seq = 0;
  #units = 0;

  constructor(socket: TestSocket) {
    this.#socket = socket;
  }

  /** One more character, in a frame that is not sent. */
  next(): object {
    this.#seq += 1;
    this.#units += 1;
    return submit(this.#seq, this.version, "a");
  }

  type(): Promise<void> {
    return this.#send(this.next());
  }

  replaceAll(text: string): Promise<void> {
    this.#seq += 1;
    const frame = submit(this.#seq, this.version, text, -this.#units);
    this.#units = text.length;
    return this.#send(frame);
  }

  async #send(frame: object): Promise<void> {
    this.#socket.send(frame);
    for (let answer = await this.#socket.next(); answer.type !== "ack"; answer = await this.#socket.next());
    this.version += 1;
  }
}

async function measure(): Promise<MeasuredRoom> {
  const { stub, join, use } = await room();
  let ann!: TestSocket;
  const opened = await use(async () => {
    ann = await join("ann");
    await ann.drain();
  });
  const others: TestSocket[] = [];
  const audience = await use(async () => {
    for (let index = 0; index < 9; index++) others.push(await join(`reader-${index}`));
    await others[0]!.ask("ping");
    others[0]!.send({ type: "presence", version: 0, selections: [[0, 0]] });
    expect(await others[1]!.next()).toMatchObject({ type: "presence" });
    const leaver = others.pop()!;
    leaver.close();
    // It may still have been shown to the leaver.
    while ((await leaver.next()).closed === undefined);
    others.push(await join("last"));
  });
  // Who is shown has an alarm half a minute later, wherever the measuring has come to by then: nobody is, and it rings now.
  others[0]!.send({ type: "presence", version: 0, selections: null });
  await others[0]!.drain();
  await runDurableObjectAlarm(stub);

  const typist = new Typist(ann);
  /** One edit, and with its announcement: it is noted, and the alarm is set to what comes next. */
  const announced = async () => {
    let typed!: RoomStats;
    const whole = await use(async () => {
      typed = await use(() => typist.type());
      await vi.waitFor(
        () =>
          runInDurableObject(stub, async (_object, { storage }) => {
            expect(storage.kv.get("announced")).toBe(typist.version);
            expect(await storage.getAlarm()).not.toBeNull();
          }),
        { timeout: 60_000, interval: 100 },
      );
    });
    return { typed, whole };
  };
  const first = await announced();
  let second = await announced();
  // One that rang too early, or had to ring again, is not what an announcement costs.
  while (second.typed.alarms > 0 || second.whole.alarms > 1) second = await announced();

  const { checkVersions } = limits;
  /** The same without an alarm in between, or a hash for everybody, however slow the machine is. */
  const undisturbed = async (act: () => Promise<unknown>): Promise<RoomStats> => {
    for (;;) {
      await ann.drain();
      // The alarm for its announcement is set, and then put off: a hundred edits may take longer than it would.
      await typist.type();
      await runInDurableObject(stub, (_object, { storage }) => storage.setAlarm(Date.now() + 3_600_000));
      const { version } = typist;
      const used = await use(act);
      const checks = Math.floor(typist.version / checkVersions) - Math.floor(version / checkVersions);
      if (used.alarms === 0 && checks === 0) return used;
    }
  };
  const lone = 100;
  const one = await undisturbed(async () => {
    for (let edit = 0; edit < lone; edit++) await typist.type();
  });
  expect(one).toMatchObject({ flushes: lone, operations: lone, framesIn: lone });
  const rowsPerCommit = one.rowsWritten / lone;
  const shared = await undisturbed(async () => {
    // The first of them is what the room waits for.
    const frames = Array.from({ length: 51 }, () => typist.next());
    await inOneTurn(stub, "ann", frames);
    typist.version += frames.length;
  });
  expect(shared).toMatchObject({ flushes: 2, operations: 51 });
  const snapshot = await undisturbed(() => typist.replaceAll("x".repeat(65_536)));

  await evictDurableObject(stub);
  await stub.read();
  const load = await stub.stats();
  expect(load.loads).toBe(1);
  return {
    rowsPerCommit: { of1: rowsPerCommit, of50: shared.rowsWritten - rowsPerCommit },
    rowsPerSnapshot: snapshot.rowsWritten - rowsPerCommit,
    rowsPerWriter: first.typed.rowsWritten - second.typed.rowsWritten,
    rowsPerAnnouncement: second.whole.rowsWritten - rowsPerCommit,
    rowsOfAudience: opened.rowsWritten + audience.rowsWritten,
    rowsPerLoad: load.rowsRead,
    framesPerOperation: one.framesOut / lone,
  };
}

describe("what a room costs", () => {
  it("docs/cost.md is what a real room is measured to use, times the prices", async () => {
    const measured = await measure();
    const tables = costTables(measured);
    expect(page).toContain(tables.prices);
    expect(page).toContain(tables.measured);
    expect(page).toContain(tables.costs);
  });

  it("counts frames and bytes as they are on the wire", async () => {
    const { join, use } = await room("😀");
    const ann = await join("ann");
    const ben = await join("ben");
    const frame = JSON.stringify(submit(1, 1, "ü"));
    let out: object[] = [];
    const used = await use(async () => {
      ann.send(frame);
      out = [await ann.next(), await ben.next(), await ben.next()];
    });
    const bytes = (text: string) => new TextEncoder().encode(text).length;
    expect(used).toMatchObject({ framesIn: 1, bytesIn: bytes(frame), framesOut: 3 });
    expect(used.bytesOut).toBe(out.reduce((sum, sent) => sum + bytes(JSON.stringify(sent)), 0));
  });

  it("RM-7: an idle room uses nothing: a ping wakes, reads, writes and counts nothing", async () => {
    const { stub, join } = await room("text");
    const ann = await join("ann");
    await evictDurableObject(stub, { webSockets: "hibernate" });
    for (let ping = 0; ping < 20; ping++) expect(await ann.ask("ping")).toBe("pong");
    expect(await stub.stats()).toMatchObject({
      loads: 0,
      framesIn: 0,
      framesOut: 0,
      rowsRead: 0,
      rowsWritten: 0,
      alarms: 0,
      sockets: 1,
    });
  });
});
