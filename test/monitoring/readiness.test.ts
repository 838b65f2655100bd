import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { app } from "../../src/app.ts";
import { d1Gate, d1Limits } from "../../src/db/d1-gate.ts";
import type { Readiness } from "../../src/monitoring/readiness.ts";
import { send } from "../support/api.ts";

const never = new Promise<never>(() => {});

/** A machine that stands still for two seconds has found a part to be slow, rightly: it is asked again when it looks again. */
const untilSeen = { timeout: 30_000, interval: 1_100 };

/** Asks with other bindings in the place of some. */
async function ask(bindings: Partial<Record<keyof Env, object>> = {}) {
  const request = new Request("https://materi.test/health/ready");
  const answer = await app.fetch(request, { ...env, ...bindings } as Env, createExecutionContext());
  return { status: answer.status, headers: answer.headers, body: await answer.json<Readiness>() };
}

describe("GET /health/ready", () => {
  // An answer is shared for a second.
  beforeEach(() => scheduler.wait(1_050));
  afterEach(() => void vi.useRealTimers());

  it("tells of D1, a room, the queue and the texts at hand, with the figures of a pool", async () => {
    const { headers, body } = await vi.waitFor(async () => {
      const answer = await send("GET", "/health/ready");
      expect(answer.status).toBe(200);
      return answer;
    }, untilSeen);
    expect(headers.get("cache-control")).toBe("no-store");
    expect(body).toEqual({
      status: "ok",
      checks: {
        d1: {
          status: "ok",
          latency_ms: expect.any(Number),
          limit: d1Limits.inFlight,
          in_flight: expect.any(Number),
          queued: 0,
          longest_wait_ms: 0,
          wait_count: expect.any(Number),
          wait_duration_ms: expect.any(Number),
        },
        room: { status: "ok", latency_ms: expect.any(Number) },
        queue: { status: "ok", latency_ms: expect.any(Number), backlog: expect.any(Number) },
        text_cache: { status: "ok", code_units: expect.any(Number), limit: expect.any(Number) },
      },
      time: expect.stringMatching(/^\d{4}-.*Z$/),
    });
  });

  it("asks nobody more than once a second", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    const first = await ask();
    const broken = await ask({
      ROOMS: { getByName: () => ({ read: () => Promise.reject(new Error("no")) }) },
    });
    expect(broken.body).toEqual(first.body);
  });

  it.each([
    ["a D1 that fails", "d1", "failed", 503, { DB: { prepare: () => fails() } }],
    [
      "a D1 that does not answer",
      "d1",
      "slow",
      503,
      { DB: { prepare: () => ({ bind: () => ({ run: () => never }) }) } },
    ],
    ["rooms that fail", "room", "failed", 503, { ROOMS: { getByName: () => ({ read: fails }) } }],
    [
      "rooms that do not answer",
      "room",
      "slow",
      503,
      { ROOMS: { getByName: () => ({ read: () => never }) } },
    ],
    ["a queue that fails", "queue", "failed", 200, { EVENTS: { metrics: fails } }],
  ] as const)("finds %s", async (_, part, verdict, expected, bindings) => {
    const { status, headers, body } = await vi.waitFor(async () => {
      const found = await ask(bindings);
      for (const [name, check] of Object.entries(found.body.checks)) {
        expect(check.status, name).toBe(name === part ? verdict : "ok");
      }
      return found;
    }, untilSeen);
    expect(status).toBe(expected);
    expect(body.status).toBe(expected === 503 ? "unavailable" : "degraded");
    expect(headers.get("retry-after")).toBe(expected === 503 ? "2" : null);
    expect(JSON.stringify(body)).not.toContain("secret");
  });

  it("is 503 with Retry-After while D1 has as much to do as it may have", async () => {
    let answer = () => {};
    const gone = new Promise<void>((resolve) => {
      answer = resolve;
    });
    const all = Array.from({ length: d1Limits.inFlight + 1 }, () => d1Gate.pass(() => gone, false));
    const { status, headers, body } = await ask();
    answer();
    await Promise.all(all);
    expect(status).toBe(503);
    expect(headers.get("retry-after")).toBe("2");
    expect(body.checks.d1).toMatchObject({ status: "exhausted", in_flight: d1Limits.inFlight });
  });
});

function fails(): never {
  throw new Error("a secret of the inside");
}
