import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { MateriClient } from "../../src/client/materi-client.ts";
import { serverCpu } from "../../test/support/server-cpu.ts";
import { percentile } from "../median.ts";
import type { Bench, Contender, Figures, Workload } from "../workload.ts";
import { type Asking, load } from "./load.ts";

const connections = 32;

/**
 * Four connections each: below what an account may ask in a minute (docs/limits.md). Of networks there is none, as this machine's own
 * address is not counted.
 */
const users = ({ isSmoke }: Bench) => (isSmoke ? 1 : 8);

/** Seconds before a measurement: what the first moments cost (compiling, first rows) is not what lasts. */
const warmUpSeconds = ({ isSmoke }: Bench) => (isSmoke ? 0 : 0.5);

const text = "What is in the document, again and again. ".repeat(24);

interface User {
  token: string;
  id: string;
  /** One of theirs, with the text above. */
  documentId: string;
  workspaceId: string;
}

/** What differs between the service and the bare route. */
interface Contest {
  name: string;
  main: string;
  asking(user: User, url: string): Asking;
}

async function signUp(url: string, count: number): Promise<User[]> {
  return Promise.all(
    Array.from({ length: count }, async () => {
      const client = new MateriClient({ url });
      const email = `${randomUUID()}@example.com`;
      const session = await client.auth.register({
        email,
        password: "a password for the bench",
        name: "Reader",
      });
      const document = await client.documents.create({ title: "Bench", content: text });
      return {
        token: session.access_token,
        id: session.user.id,
        documentId: document.id,
        workspaceId: document.workspace_id,
      };
    }),
  );
}

/** Waits until the services do nothing more: what comes after the answers (events, the search index) is part of what they cost. */
async function settled(): Promise<void> {
  for (let before = Number.NaN, tries = 0; tries < 40; tries++) {
    const now = serverCpu();
    if (now - before < 0.03) return;
    before = now;
    // Longer than a queue gathers messages.
    await sleep(1_200);
  }
  throw new Error("the service does not come to rest");
}

async function measure(asked: readonly Asking[], bench: Bench): Promise<Figures> {
  const { seconds, isSmoke } = bench;
  const cpu = serverCpu();
  const first = await load(asked, { connections, seconds: warmUpSeconds(bench) });
  const own = process.cpuUsage();
  const { waits, seconds: taken } = await load(asked, { connections, seconds });
  const { user, system } = process.cpuUsage(own);
  if (!isSmoke) await settled();
  return {
    "requests/s": waits.length / taken,
    "µs of CPU per request": ((serverCpu() - cpu) / (first.waits.length + waits.length)) * 1e6,
    "p50 ms": percentile(waits, 0.5),
    "p99 ms": percentile(waits, 0.99),
    "cores of the load": (user + system) / 1e6 / taken,
  };
}

function rest(id: string, name: string, atLeast: number, contests: readonly Contest[]): Workload {
  return {
    id,
    name,
    isQuick: true,
    targets: [{ figure: "requests/s", of: "bare Hono route", atLeast }],
    async contenders(bench: Bench): Promise<Contender[]> {
      return Promise.all(
        contests.map(async ({ name, main, asking }) => {
          const { url } = await bench.server(main, { LOG_LEVEL: "warn" });
          const asked = (await signUp(url, users(bench))).map((user) => asking(user, url));
          return { name, measure: () => measure(asked, bench) };
        }),
      );
    },
  };
}

const expect = (answer: Record<string, unknown>, expected: Record<string, unknown>): void => {
  for (const [name, value] of Object.entries(expected)) {
    if (answer[name] !== value) throw new Error(`${name} is not as expected: ${JSON.stringify(answer)}`);
  }
};

const service = { name: "Materi", main: "src/index.ts" };
const bare = { name: "bare Hono route", main: "bench/rest/limit-worker.ts" };
const json = { "content-type": "application/json" };

export const restWorkloads: readonly Workload[] = [
  rest("rest-read", `\`GET /documents/{id}\`, ${connections} connections`, 0.8, [
    {
      ...service,
      asking: (user, url) => ({
        method: "GET",
        url: `${url}/api/v1/documents/${user.documentId}`,
        headers: { authorization: `Bearer ${user.token}` },
        status: 200,
        check: (answer) =>
          expect(answer, { id: user.documentId, owner_id: user.id, content: text, version: 1 }),
      }),
    },
    {
      ...bare,
      asking: (user, url) => ({
        method: "GET",
        url: `${url}/api/bare/documents/${user.documentId}`,
        headers: { "x-user": user.id },
        status: 200,
        check: (answer) => expect(answer, { id: user.documentId, owner_id: user.id, title: "Bench" }),
      }),
    },
  ]),
  rest("rest-create", `\`POST /documents\`, ${connections} connections`, 0.6, [
    {
      ...service,
      asking: (user, url) => ({
        method: "POST",
        url: `${url}/api/v1/documents`,
        headers: { ...json, authorization: `Bearer ${user.token}` },
        body: { title: "New" },
        status: 201,
        check: (answer) =>
          expect(answer, { title: "New", owner_id: user.id, workspace_id: user.workspaceId, version: 0 }),
      }),
    },
    {
      ...bare,
      asking: (user, url) => ({
        method: "POST",
        url: `${url}/api/bare/documents`,
        headers: json,
        body: { title: "New", workspace_id: user.workspaceId, owner_id: user.id },
        status: 201,
        check: (answer) =>
          expect(answer, { title: "New", owner_id: user.id, workspace_id: user.workspaceId }),
      }),
    },
  ]),
];
