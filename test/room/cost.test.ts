import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import page from "../../docs/cost.md?raw";
import { costTables, type MeasuredRoom } from "../../scripts/cost/document-costs.ts";
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

const submit = (seq: number, base: number, text = "a") => ({ type: "submit", seq, base, op: [text] });

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

async function measure(): Promise<MeasuredRoom> {
  const { stub, join, use } = await room();
  let ann!: TestSocket;
  const opened = await use(async () => {
    ann = await join("ann");
    await ann.drain();
  });
  const first = await use(() => ann.ask(submit(1, 0)));

  const others: TestSocket[] = [];
  const audience = await use(async () => {
    for (let index = 0; index < 9; index++) others.push(await join(`reader-${index}`));
    await others[0]!.ask("ping");
    others[0]!.send({ type: "presence", version: 1, selections: [[0, 1]] });
    expect(await others[1]!.next()).toMatchObject({ type: "presence" });
    others.pop()!.close();
    others.push(await join("last"));
  });

  const lone = 100;
  const one = await use(async () => {
    for (let seq = 2; seq < 2 + lone; seq++) {
      ann.send(submit(seq, seq - 1));
      for (let frame = await ann.next(); frame.type !== "ack"; frame = await ann.next());
    }
  });
  expect(one).toMatchObject({ flushes: lone, operations: lone, framesIn: lone, alarms: 0 });

  const version = 1 + lone;
  const shared = await use(() =>
    inOneTurn(
      stub,
      "ann",
      Array.from({ length: 50 }, (_, index) => submit(lone + 2 + index, version)),
    ),
  );
  expect(shared).toMatchObject({ flushes: 1, operations: 50 });

  const snapshot = await use(async () => {
    ann.send(submit(lone + 52, version + 50, "x".repeat(65_536)));
    for (let frame = await ann.next(); frame.version !== version + 51; frame = await ann.next());
  });

  await evictDurableObject(stub);
  await stub.read();
  const load = await stub.stats();
  expect(load.loads).toBe(1);
  return {
    rowsPerCommit: { of1: one.rowsWritten / lone, of50: shared.rowsWritten },
    rowsPerSnapshot: snapshot.rowsWritten - one.rowsWritten / lone,
    rowsPerWriter: first.rowsWritten - one.rowsWritten / lone,
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
