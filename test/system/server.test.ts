import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { startServer } from "../support/server.ts";

const account = { email: "ada@example.com", password: "a long enough password", name: "Ada" };

function post(url: string, body: object): Promise<Response> {
  return fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
}

test("a killed service answers no more, and serves the same data at the same address when it is back", async () => {
  const server = await startServer();
  try {
    const { url } = server;
    expect((await post(`${url}/api/v1/auth/register`, account)).status).toBe(201);
    for (let kill = 0; kill < 2; kill++) {
      await server.kill9();
      await expect(fetch(`${url}/health`)).rejects.toThrow("fetch failed");
      await server.restart();
      expect(server.url).toBe(url);
      expect((await post(`${url}/api/v1/auth/login`, account)).status).toBe(200);
    }
  } finally {
    await server.stop();
  }
});

test("two services have nothing in common; a folder that was given is kept for the next", async () => {
  const persist = mkdtempSync(join(tmpdir(), "materi-server-test-"));
  try {
    const first = await startServer({ persist });
    const other = await startServer();
    try {
      expect((await post(`${first.url}/api/v1/auth/register`, account)).status).toBe(201);
      expect((await post(`${other.url}/api/v1/auth/login`, account)).status).toBe(401);
    } finally {
      await first.stop();
      await other.stop();
    }
    expect(existsSync(join(persist, "secrets.json"))).toBe(true);
    const next = await startServer({ persist });
    try {
      expect((await post(`${next.url}/api/v1/auth/login`, account)).status).toBe(200);
    } finally {
      await next.stop();
    }
  } finally {
    rmSync(persist, { recursive: true });
  }
});
