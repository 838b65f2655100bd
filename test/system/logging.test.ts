import { expect, test } from "vitest";
import { startServer } from "../support/server.ts";

interface Line {
  event: string;
  level: string;
  [field: string]: unknown;
}

/**
 * What the service logs at a level, until `isAll` holds, while somebody opens an account, makes a document, and asks for what is
 * not theirs.
 */
async function linesAt(level: string, isAll: (lines: Line[]) => boolean): Promise<Line[]> {
  const lines: Line[] = [];
  const server = await startServer({
    settings: { LOG_LEVEL: level },
    onLog: (line) => line.startsWith('{"event":') && lines.push(JSON.parse(line)),
  });
  try {
    const ask = async (path: string, token: string, body?: object) => {
      const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
      const answer = await fetch(`${server.url}/api/v1${path}`, {
        headers,
        ...(body && { method: "POST", body: JSON.stringify(body) }),
      });
      return { status: answer.status, body: (await answer.json()) as Record<string, string> };
    };
    const account = { email: "ada@example.com", password: "a long enough password", name: "Ada" };
    const { body } = await ask("/auth/register", "", account);
    const token = body.access_token ?? "";
    const made = await ask("/documents", token, { title: "T", content: "one" });
    expect(made.status).toBe(201);
    for (let version = 2; version <= 6; version++) {
      const edit = { op_type: "insert", position: 0, content: "x" };
      const socket = new WebSocket(`${server.url.replace("http", "ws")}/ws/documents/${made.body.id}`, [
        "materi.v1",
        `bearer.${token}`,
      ]);
      await new Promise((done) => socket.addEventListener("open", done));
      const answered = new Promise((done) => socket.addEventListener("message", done));
      socket.send(JSON.stringify(edit));
      await answered;
      socket.close();
    }
    expect((await ask(`/documents/${crypto.randomUUID()}`, token)).status).toBe(404);
    // A busy room's line comes within a second of the service's; more than all must not come.
    await expect.poll(() => isAll(lines)).toBe(true);
    await new Promise((done) => setTimeout(done, 1_500));
  } finally {
    await server.stop();
  }
  return lines;
}

const commits = (lines: Line[]) => lines.filter(({ event }) => event === "room_commit");
const operations = (lines: Line[]) => commits(lines).reduce((sum, line) => sum + Number(line.operations), 0);

test("LOG_LEVEL says what is written: by default requests and commits, which a busy room gathers", async () => {
  const requests = (lines: Line[]) => lines.filter(({ event }) => event === "request");
  const lines = await linesAt(
    "info",
    (some) => operations(some) >= 6 && requests(some).some(({ status }) => status === 404),
  );
  expect(requests(lines).map(({ method, route, status }) => [method, route, status])).toEqual(
    expect.arrayContaining([
      ["POST", "/api/v1/documents", 201],
      ["GET", "/ws/documents/:id", 101],
      ["GET", "/api/v1/documents/:id", 404],
    ]),
  );
  expect(operations(lines)).toBe(6);
});

test("LOG_LEVEL=debug gives every commit a line of its own; warn writes none of what is well", async () => {
  const lines = await linesAt("debug", (some) => operations(some) >= 6);
  expect(commits(lines).map(({ version, flushes }) => [version, flushes])).toEqual(
    [1, 2, 3, 4, 5, 6].map((version) => [version, 1]),
  );
  const warnings = await linesAt("warn", () => true);
  expect(warnings.filter(({ level }) => level !== "warn" && level !== "error")).toEqual([]);
});
