// `kill -9` under load. KILLS=20 for more kills, SEED=… for other moments: npx vitest run --project system crash
import { mkdirSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { Account } from "../../scripts/replay/account.ts";
import { DocumentSession } from "../../src/client/document-session.ts";
import { deletion, insertion } from "../../src/ot/operation.ts";
import type { Welcome } from "../../src/protocol/server-frames.ts";
import { checkHistory, type History } from "../support/history-checker.ts";
import { Random } from "../support/ot-random.ts";
import { startServer } from "../support/server.ts";
import { Wire } from "./faulty-socket.ts";

const kills = Number(process.env.KILLS ?? 5);
const seed = Number(process.env.SEED ?? 20_261_122);
const writers = 4;
/** Characters of private use beyond the first plane: a plane's half for each writer, none typed twice. */
const firstCharacter = (writer: number): number => 0xf0000 + writer * 0x7000;

interface Typist {
  session: DocumentSession;
  wire: Wire;
  typed: string[];
  removed: Set<string>;
}

/** Types until told to stop: mostly new characters, now and then a deletion, at any place between characters. */
async function type(
  { session, typed, removed }: Typist,
  writer: number,
  random: Random,
  isStopped: () => boolean,
): Promise<void> {
  while (!isStopped()) {
    const { text } = session;
    let at = random.int(text.length + 1);
    if (isLowSurrogate(text.charCodeAt(at))) at -= 1;
    if (random.chance(0.15) && isLowSurrogate(text.charCodeAt(at + 1))) {
      session.edit(deletion(at, 2));
      removed.add(text.slice(at, at + 2));
    } else {
      const character = String.fromCodePoint(firstCharacter(writer) + typed.length);
      typed.push(character);
      session.edit(insertion(at, character));
    }
    // Faster than acknowledgements come, so that one submission is in flight and more is composed behind it; slower
    // while there is no connection, for the buffer becomes one operation, and those have limits.
    await sleep(session.connection.state === "live" ? random.int(3) : 50);
  }
}

const isLowSurrogate = (unit: number): boolean => (unit & 0xfc00) === 0xdc00;

/** The whole log, as a client gets it that has nothing. */
async function readLog(url: string, documentId: string, token: string): Promise<Welcome> {
  const socket = new WebSocket(`${url.replace("http", "ws")}/ws/documents/${documentId}`, [
    "materi.v1",
    `bearer.${token}`,
  ]);
  const frame = await new Promise<string>((resolve, reject) => {
    socket.onopen = () =>
      socket.send(JSON.stringify({ type: "hello", client_id: "log-reader", since: 0, last_seq: 1 }));
    socket.onmessage = ({ data }) => resolve(data);
    socket.onerror = () => reject(new Error("the socket failed"));
  });
  socket.close();
  return JSON.parse(frame);
}

/** Keeps the life of the document as the service exports it, and says how to look at it. */
async function keptLife(url: string, documentId: string, operator: string): Promise<string> {
  const life = await fetch(`${url}/api/v1/admin/documents/${documentId}/export`, {
    headers: { authorization: `Bearer ${operator}` },
  });
  const path = `dist/failures/crash-${seed}.ndjson`;
  mkdirSync("dist/failures", { recursive: true });
  writeFileSync(path, await life.text());
  return `npm run inspect -- ${path}`;
}

test(`RM-2, RM-3, RM-5: ${kills} kills under load lose nothing that was acknowledged, and double nothing`, {
  timeout: 300_000 + kills * 20_000,
}, async () => {
  const random = new Random(seed);
  const operator = crypto.randomUUID();
  const server = await startServer({ settings: { ADMIN_TOKEN: operator } });
  const open: DocumentSession[] = [];
  try {
    const account = await Account.open(server.url);
    const document = await account.createDocument("Crash test", "");
    const connect = (wire?: Wire) => {
      const session = new DocumentSession({
        url: server.url,
        documentId: document.id,
        token: account.token,
        // The wire sees what goes over sockets.
        transports: ["socket"],
        retry: { first: 50, most: 400 },
        ...(wire && { WebSocket: wire.WebSocket }),
      });
      open.push(session);
      return session;
    };
    const typists = Array.from({ length: writers }, (_, writer): Typist => {
      const wire = new Wire(new Random(seed + writer));
      return { session: connect(wire), wire, typed: [], removed: new Set() };
    });
    const observer = connect();
    const allLive = async () => {
      await Promise.all(open.map((session) => session.ready()));
      while (open.some(({ connection }) => connection.state !== "live")) await sleep(5);
    };
    await allLive();

    let stopped = false;
    const typing = typists.map((typist, writer) =>
      type(typist, writer, new Random(seed ^ writer), () => stopped),
    );
    const moments: number[] = [];
    for (let kill = 0; kill < kills; kill++) {
      const moment = 60 + random.int(340);
      moments.push(moment);
      await sleep(moment);
      const isLast = kill === kills - 1;
      for (const { wire } of typists) if (random.chance(0.9) || isLast) wire.silent = true;
      // Long enough for what is in flight to be committed, which these will not learn before they are back.
      await sleep(20 + random.int(40));
      // On a busy machine that may be too short each time: of the last, somebody's is waited for, and sent again for certain.
      for (const { wire } of typists) wire.insists = isLast;
      while (isLast && !typists.some(({ wire }) => wire.hasSwallowed)) {
        // Who has only now heard of the kill before has another socket, which is not silent.
        for (const { session, wire } of typists) if (session.connection.state === "live") wire.silent = true;
        await sleep(5);
      }
      await server.kill9();
      await server.restart();
      await allLive();
    }
    await sleep(100);
    stopped = true;
    await Promise.all(typing);
    await Promise.all(typists.map(({ session }) => session.saved()));
    const welcome = await readLog(server.url, document.id, await account.token());
    await Promise.all(open.map((session) => session.reached(welcome.version)));

    const history: History = {
      version: welcome.version,
      log: welcome.operations ?? { from: 0, items: [] },
      clients: typists.map(({ wire, typed, removed }) => ({
        actor: wire.actor,
        sent: wire.sent,
        acknowledged: wire.acknowledged,
        typed,
        removed,
      })),
      texts: [
        ...typists.map(({ session }, writer) => ({ name: `writer ${writer}`, text: session.text })),
        { name: "the observer", text: observer.text },
        { name: "REST", text: (await account.readDocument(document.id)).content },
      ],
    };
    const sum = (count: (wire: Wire) => number) =>
      typists.reduce((total, { wire }) => total + count(wire), 0);
    const duplicates = sum(({ duplicates }) => duplicates);
    process.stdout.write(
      `seed ${seed}: ${kills} kills after ${moments.join(", ")} ms; ${welcome.version} operations, ` +
        `${sum(({ acknowledged }) => acknowledged.length)} acks, ` +
        `${sum(({ resends }) => resends)} resends, ${duplicates} of them of what was committed\n`,
    );
    const violations = checkHistory(history);
    const look = violations.length > 0 && (await keptLife(server.url, document.id, operator));
    expect(violations, String(look)).toEqual([]);
    expect(duplicates).toBeGreaterThan(0);
  } finally {
    for (const session of open) session.close();
    await server.stop();
  }
});
