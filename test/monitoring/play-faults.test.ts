import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { app } from "../../src/app.ts";
import { MateriClient } from "../../src/client/index.ts";
import { ConfigurationError, type SettingsSource, settingsOf } from "../../src/env.ts";
import { playable } from "../../src/monitoring/play-faults.ts";
import type { TokensBody } from "../../src/protocol/rest/accounts.ts";
import { type Answer, api, expectProblem, newAccount } from "../support/api.ts";
import { behindTheAnswer } from "../support/mailbox.ts";

// The seed's issue matrix, row by row, as docs/debugging.md has it.

const local = { ...env, PLAY_FAULTS: "true" } as Env;

function ask(path: string, init: RequestInit, bindings = local, origin = "http://127.0.0.1:8787") {
  return app.fetch(new Request(`${origin}${path}`, init), bindings, createExecutionContext());
}

let account: TokensBody;
let document: string;
beforeAll(async () => {
  account = await newAccount();
  const made = await api("POST", "/documents", {
    token: account.access_token,
    json: { title: "Played", content: "a text that nobody else reads" },
  });
  document = made.body.id;
});

/** A request that meets a fault. */
async function play(
  fault: string,
  {
    method = "GET",
    path = `/documents/${document}`,
    json,
    ...where
  }: {
    method?: string;
    path?: string;
    json?: object;
    bindings?: Env;
    origin?: string;
  } = {},
): Promise<Answer> {
  const headers = {
    authorization: `Bearer ${account.access_token}`,
    "x-materi-play": fault,
    ...(json && { "content-type": "application/json" }),
  };
  const init = { method, headers, ...(json && { body: JSON.stringify(json) }) };
  const answer = await ask(`/api/v1${path}`, init, where.bindings, where.origin);
  const text = await answer.text();
  const isJson = answer.headers.get("content-type")?.includes("json");
  return {
    status: answer.status,
    headers: answer.headers,
    text,
    body: isJson ? JSON.parse(text) : undefined,
  };
}

describe("the seed's issue matrix", () => {
  it("Connection Timeout: a database that does not answer is 504, in its time", async () => {
    const [reading, writing] = await Promise.all([
      play("d1-timeout"),
      play("d1-timeout", { method: "POST", path: "/documents", json: { title: "Perhaps" } }),
    ]);
    expectProblem(reading, "timeout");
    expectProblem(writing, "timeout");
  });

  it("Connection Timeout: a database with too much to do is 503 with Retry-After", async () => {
    const refused = await play("d1-exhausted");
    expectProblem(refused, "unavailable");
    expect(refused.headers.get("retry-after")).toBe("2");
  });

  it("Serialization Error: what cannot be encoded is 500 with an id, by which the log tells why, and without a text", async () => {
    const lines = vi.spyOn(console, "error").mockImplementation(() => {});
    const answer = await play("serialization");
    const logged = lines.mock.calls.map(([line]) => JSON.parse(String(line)));
    lines.mockRestore();
    expectProblem(answer, "internal");
    expect(answer.text).not.toMatch(/BigInt|nobody else reads/);
    expect(logged).toContainEqual(
      expect.objectContaining({
        event: "unexpected_error",
        request_id: answer.body.request_id,
        route: "/api/v1/documents/:id",
        error: "TypeError",
      }),
    );
    expect(JSON.stringify(logged)).not.toContain("nobody else reads");
  });

  it.each([
    ["token-malformed", "malformed"],
    ["token-expired", "expired"],
    ["token-ended", "ended"],
  ])("Auth Token Invalid: %s is 401 with the reason", async (fault, reason) => {
    const answer = await play(fault);
    expectProblem(answer, "invalid_token");
    expect(answer.body.reason).toBe(reason);
    expect(answer.headers.get("www-authenticate")).toContain(answer.body.detail);
  });

  it("Rate Limited: 429 with Retry-After, and the client library waits as long and gets through", async () => {
    const refusals: number[] = [];
    const began = Date.now();
    const client = new MateriClient({
      url: "http://127.0.0.1:8787",
      token: () => account.access_token,
      fetch: async (url, init) => {
        const headers = new Headers(init?.headers);
        headers.set("x-materi-play", "rate-limited");
        const answer = await ask(new URL(String(url)).pathname, { ...init, headers });
        if (answer.status === 429) refusals.push(Number(answer.headers.get("retry-after")));
        return answer;
      },
    });
    expect(await client.documents.get(document)).toMatchObject({ title: "Played" });
    expect(refusals).toEqual([2]);
    expect(Date.now() - began).toBeGreaterThanOrEqual(1_900);
  });

  it("a room that cannot be reached is 503, storage that is full 507", async () => {
    expectProblem(await play("room-unavailable"), "unavailable");
    expectProblem(await play("storage-full"), "storage_full");
  });

  it("a queue that is stuck harms no request: what it was to take stays in the outbox", async () => {
    const json = { title: "Waits in the outbox" };
    const made = await play("queue-stuck", { method: "POST", path: "/documents", json });
    expect(made.status).toBe(201);
    await vi.waitFor(async () => {
      const row = await env.DB.prepare("SELECT due_at, attempts FROM outbox WHERE data LIKE ?")
        .bind(`%${made.body.id}%`)
        .first();
      expect(row).toEqual({ due_at: expect.any(Number), attempts: 1 });
    }, behindTheAnswer);
  });
});

describe("the switch that plays faults", () => {
  it("knows its faults, and refuses others", async () => {
    const answer = await play("everything");
    expectProblem(answer, "invalid_request");
    expect(answer.body.detail).toContain(playable.join(", "));
  });

  it.each([
    ["without PLAY_FAULTS", { bindings: env }],
    ["for who comes from elsewhere", { origin: "https://materi.test" }],
  ])("is none %s", async (_, where) => {
    for (const fault of ["d1-exhausted", "token-expired", "everything"]) {
      expect((await play(fault, where)).status).toBe(200);
    }
  });

  it.each(["https://docs.example.org", "http://docs.example.org", "https://127.0.0.1.example.org"])(
    "cannot be set where the service is at %s: it refuses to run",
    (PUBLIC_URL) => {
      const source = { ...env, PLAY_FAULTS: "true", PUBLIC_URL } as SettingsSource;
      expect(() => settingsOf(source)).toThrow(ConfigurationError);
      expect(() => settingsOf(source)).toThrow(/PLAY_FAULTS/);
    },
  );
});
