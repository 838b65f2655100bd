import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { WebSocket } from "ws";
import { type Server, startServer } from "../support/server.ts";

let server: Server;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.stop());

async function api(method: string, path: string, token?: string, json?: object): Promise<Response> {
  const headers: Record<string, string> = { "content-type": "application/json" };
  if (token !== undefined) headers.authorization = `Bearer ${token}`;
  const body = json === undefined ? null : JSON.stringify(json);
  return fetch(`${server.url}/api/v1${path}`, { method, headers, body });
}

it("AU-5: the end of a session reaches thirty open sockets in as many documents, and REST, within 2 s", async () => {
  const person = { email: "revoked@example.com", password: "SecurePass123!", name: "R" };
  const registered = await api("POST", "/auth/register", undefined, person);
  const lost = ((await registered.json()) as { access_token: string }).access_token;
  const login = await api("POST", "/auth/login", undefined, person);
  const mine = ((await login.json()) as { access_token: string }).access_token;
  const sockets = await Promise.all(
    Array.from({ length: 30 }, async (_, number) => {
      const created = await api("POST", "/documents", lost, { title: `${number}` });
      const { id } = (await created.json()) as { id: string };
      const address = `${server.url.replace("http", "ws")}/ws/documents/${id}`;
      const socket = new WebSocket(address, { headers: { authorization: `Bearer ${lost}` } });
      await once(socket, "open");
      return socket;
    }),
  );
  const began = performance.now();
  expect((await api("POST", "/auth/logout", mine, { scope: "others" })).status).toBe(204);
  // The close frame, after which nothing comes or goes; the connection below ends when the room hibernates.
  while (sockets.some(({ readyState }) => readyState === WebSocket.OPEN)) await sleep(5);
  expect((await api("GET", "/users/me", lost)).status).toBe(401);
  expect(performance.now() - began).toBeLessThan(2_000);
  expect((await api("GET", "/users/me", mine)).status).toBe(200);
  for (const socket of sockets) socket.terminate();
});
