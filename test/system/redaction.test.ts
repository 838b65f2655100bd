import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Server, startServer } from "../support/server.ts";

const folder = mkdtempSync(join(tmpdir(), "materi-redaction-"));
let server: Server;
beforeAll(async () => {
  server = await startServer({ persist: folder });
});
afterAll(async () => {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** Empty where the file is gone: an object that falls asleep meanwhile takes its write-ahead log with it. */
function read(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return "";
    throw error;
  }
}

/** How often the text stands in the files of rooms, their write-ahead logs included. What D1 frees it overwrites by itself (docs/storage.md). */
function onDisk(text: string): number {
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) =>
    /^do\/.*\.sqlite(-wal)?$/.test(name),
  );
  expect(files.length).toBeGreaterThan(0);
  return files.reduce((sum, name) => sum + read(join(folder, name)).split(text).length - 1, 0);
}

describe("redaction, on the disk", () => {
  it("no file of a room holds the secret any more, neither in a page in use nor in a freed one", async () => {
    const request = async (method: string, path: string, json?: object, token?: string) => {
      const response = await fetch(`${server.url}/api/v1${path}`, {
        method,
        headers: { "content-type": "application/json", ...(token && { authorization: `Bearer ${token}` }) },
        ...(json && { body: JSON.stringify(json) }),
      });
      expect(response.ok, `${method} ${path}: ${response.status}`).toBe(true);
      return response.json() as Promise<{ access_token: string; id: string; version: number }>;
    };
    const account = { email: "owner@example.com", password: "SecurePass123!" };
    const { access_token: token } = await request("POST", "/auth/register", { ...account, name: "Owner" });
    const secret = "hunter2-correct-horse-battery";
    // Long enough for snapshots, each of which the next one frees.
    const filling = (round: number) => `${round}:${"some text ".repeat(12_000)}`;
    const { id } = await request("POST", "/documents", { title: "A document", content: `x${secret}` }, token);
    let version = 1;
    for (let round = 0; round < 6; round++) {
      const content = `x${secret}${filling(round)}`;
      ({ version } = await request("PATCH", `/documents/${id}`, { content }, token));
    }
    expect(onDisk(secret)).toBeGreaterThan(0);
    await request("POST", `/documents/${id}/redactions`, { version, from: 1, to: 1 + secret.length }, token);
    expect(onDisk(secret)).toBe(0);
    await server.restart();

    const command = (args: string[], env: object) =>
      spawnSync(process.execPath, ["scripts/integrity.ts", ...args], {
        encoding: "utf8",
        env: { ...process.env, ...env },
      });
    const sound = command(["--document", id, "--url", server.url, "--email", account.email], {
      MATERI_PASSWORD: account.password,
    });
    expect(sound.stdout + sound.stderr).toMatch(
      /^Sound: \d+ operations replayed from version 0 to \d+, \d+ recorded texts compared\.\n$/,
    );
    expect(sound.status).toBe(0);
    expect(
      command(["--document", crypto.randomUUID(), "--url", server.url], { MATERI_TOKEN: token }).status,
    ).toBe(6);
    expect(command([], {}).status).toBe(2);
  });
});
