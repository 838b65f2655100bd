// RM-6 against the bundled service as a process: what hostile frames leave behind in it.
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { hostileFrames, hostileSetup } from "../../scripts/conformance/hostile-frames.ts";
import { Account } from "../../scripts/replay/account.ts";
import { startServer } from "../support/server.ts";

const rounds = { first: 10, more: 10 };

/** V8 collects before much has gathered, so that what the process has is what it keeps, within some 5 MB. */
const v8Flags = "--max-old-space-size=24 --max-semi-space-size=1";

type Frame = { type: string; code?: string; retry_ms?: number };

/** A socket whose answers are read one by one. */
async function openSocket(url: string, documentId: string, token: string) {
  const socket = new WebSocket(`${url.replace("http", "ws")}/ws/documents/${documentId}`, [
    "materi.v1",
    `bearer.${token}`,
  ]);
  const received: Frame[] = [];
  let heard = () => {};
  socket.onmessage = ({ data }) => {
    received.push(JSON.parse(data as string) as Frame);
    heard();
  };
  socket.onclose = () => {
    received.push({ type: "closed" });
    heard();
  };
  await new Promise<void>((resolve, reject) => {
    socket.onopen = () => resolve();
    socket.onerror = () => reject(new Error("the socket failed"));
  });
  const send = (frame: string | ArrayBuffer | object) => {
    const asIs = typeof frame === "string" || frame instanceof ArrayBuffer;
    socket.send(asIs ? frame : JSON.stringify(frame));
  };
  const next = async (): Promise<Frame> => {
    while (received.length === 0) {
      await new Promise<void>((resolve) => {
        heard = resolve;
      });
    }
    return received.shift()!;
  };
  const ask = (frame: Parameters<typeof send>[0]) => {
    send(frame);
    return next();
  };
  return { send, next, ask };
}

test(`RM-6: the hostile corpus played ${rounds.more} times more takes no more memory, and harms nobody`, async () => {
  const server = await startServer({ v8Flags });
  try {
    const account = await Account.open(server.url);
    const { id } = await account.createDocument("Hostile", hostileSetup.content);
    const stats = async () => {
      const response = await fetch(`${server.url}/api/v1/documents/${id}/stats`, {
        headers: { authorization: `Bearer ${await account.token()}` },
      });
      const body = (await response.json()) as Record<string, number>;
      return {
        rows_written: body.rows_written,
        database_bytes: body.database_bytes,
        sockets: body.sockets,
        operations: body.operations,
        loads: body.loads,
        alarms: body.alarms,
      };
    };
    const bystander = await openSocket(server.url, id, await account.token());
    await bystander.ask({ type: "hello", client_id: "bystander-1" });
    const hostile = await openSocket(server.url, id, await account.token());
    await hostile.ask({ type: "hello", client_id: "hostile-1" });
    expect(await hostile.ask(hostileSetup.submit)).toMatchObject({ type: "ack", version: 2 });
    expect(await bystander.next()).toMatchObject({ type: "actors" });
    expect(await bystander.next()).toMatchObject({ type: "operations", from: 2 });
    // The edit is announced some seconds later, which writes rows of its own.
    while ((await stats()).alarms === 0) await sleep(200);
    const play = async () => {
      for (const { name, frame, answer } of hostileFrames) {
        hostile.send(frame);
        if (answer === "ignored") continue;
        let got = await hostile.next();
        // Law FL-1: so many of them are too fast for a while, and may come again.
        while (got.type === "slow_down" || got.code === "slow_down") {
          await sleep(got.retry_ms ?? 0);
          got = await hostile.ask(frame);
        }
        if ((got.code ?? got.type) !== answer) expect.unreachable(`${name}: ${JSON.stringify(got)}`);
      }
    };

    const resident: number[] = [];
    let before: object = {};
    for (let round = 0; round < rounds.first + rounds.more; round++) {
      if (round === rounds.first) before = await stats();
      await play();
      resident.push(server.residentBytes());
    }
    const [first, more] = [resident.slice(0, rounds.first), resident.slice(rounds.first)];
    process.stdout.write(`workerd: ${resident.map((bytes) => bytes >> 20).join(", ")} MB\n`);
    expect(await stats()).toEqual(before);
    expect(Math.max(...more)).toBeLessThan(Math.max(...first) * 1.05);

    const { content, version } = await account.readDocument(id);
    expect({ content, version }).toEqual({ content: hostileSetup.text, version: hostileSetup.version });
    // The next that the bystander hears is the answer to its own edit: it has heard nothing of all that.
    const edit = { type: "submit", seq: 1, base: 2, op: ["> "] };
    expect(await bystander.ask(edit)).toMatchObject({ type: "ack", version: 3 });
    expect(await hostile.next()).toMatchObject({ type: "actors" });
    expect(await hostile.next()).toMatchObject({ type: "operations", from: 3 });
  } finally {
    await server.stop();
  }
});
