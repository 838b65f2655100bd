import type { Context } from "hono";
import { createMiddleware } from "hono/factory";
import { issueAccessToken } from "../auth/access-token.ts";
import { signingKeysOf } from "../auth/signing-keys.ts";
import { DatabaseBusy } from "../db/d1-gate.ts";
import { isLoopback, settingsOf } from "../env.ts";
import { Problem } from "../platform/problem.ts";
import { rateLimited } from "../platform/rate-limit.ts";
import type { RequestContext } from "../platform/request-context.ts";

/** Names the fault that this one request is to meet: one of `plays`. */
const playHeader = "x-materi-play";

type Played = Context<RequestContext>;

/** What can be played: each puts something in the request's way, and the service does the rest as it always does. */
const plays: Record<string, (c: Played) => void | Promise<void>> = {
  "d1-timeout": (c) => replace(c, { DB: d1((): Promise<never> => new Promise(() => {})) }),
  "d1-exhausted": (c) => replace(c, { DB: d1(() => Promise.reject(new DatabaseBusy())) }),
  serialization: answerWhatIsNoJson,
  "token-malformed": (c) => bear(c, "not-a-token"),
  "token-expired": (c) => bearOf(c, Date.now() - 3_600_000),
  "token-ended": (c) => bearOf(c, Date.now()),
  "rate-limited": refuseForSeconds,
  "room-unavailable": (c) => {
    const error = Object.assign(new Error("played"), { retryable: true });
    replace(c, { ROOMS: rooms(() => Promise.reject(error)) });
  },
  "storage-full": (c) => {
    const detail = "the document's storage is full";
    replace(c, { ROOMS: rooms(async () => ({ ok: false, code: "storage_full", detail })) });
  },
  "queue-stuck": (c) => {
    const fails = () => Promise.reject(new Error("played"));
    replace(c, { EVENTS: { send: fails, sendBatch: fails } });
  },
};

export const playable: readonly string[] = Object.keys(plays);

/**
 * Plays a fault of docs/debugging.md to the request that asks for it by `X-Materi-Play`, and to no other. It takes three to be heard:
 * `PLAY_FAULTS`, which no service with an address of its own may set (`settingsOf` refuses to run), and a request to this very machine.
 * Without them the header is one that nobody knows.
 */
export const playFaults = createMiddleware<RequestContext>(async (c, next) => {
  const name = c.req.header(playHeader);
  if (name === undefined) return next();
  if (!settingsOf(c.env).playsFaults || !isLoopback(new URL(c.req.url).hostname)) return next();
  const play = Object.hasOwn(plays, name) ? plays[name] : undefined;
  if (!play) {
    throw new Problem(
      "invalid_request",
      `There is no such fault to play. There are: ${playable.join(", ")}.`,
    );
  }
  await play(c);
  return next();
});

/** This request meets other bindings. */
function replace(c: Played, bindings: Partial<Record<keyof Env, object>>): void {
  c.env = { ...c.env, ...bindings } as Env;
}

/** A database of which every call does this. */
function d1(call: () => Promise<never>): object {
  const statement = { bind: () => statement, all: call, run: call, raw: call };
  return { prepare: () => statement, batch: call };
}

/** Rooms of which every call does this. */
const rooms = (call: () => Promise<unknown>): object => ({
  getByName: () => new Proxy({}, { get: () => call }),
});

/** A handler that answers JSON fails at it, after it has done what it was asked for. */
function answerWhatIsNoJson(c: Played): void {
  c.json = (() => JSON.stringify({ id: 1n })) as never;
}

function bear(c: Played, token: string): void {
  const headers = new Headers(c.req.raw.headers);
  headers.set("authorization", `Bearer ${token}`);
  c.req.raw = new Request(c.req.raw, { headers });
}

/** A token that is rightly signed at that time, of nobody and of no session. */
async function bearOf(c: Played, now: number): Promise<void> {
  const keys = await signingKeysOf(settingsOf(c.env).signingKeys);
  const [userId, sessionId] = [crypto.randomUUID(), crypto.randomUUID()];
  const { token } = await issueAccessToken(keys, { userId, sessionId, sessionEndsAt: now + 600_000 }, now);
  bear(c, token);
}

const refusedMs = 2_000;
let refusedUntil = 0;

/** The first, and those that do not wait as long as they are told: whoever does passes. */
function refuseForSeconds(): void {
  const now = Date.now();
  if (now >= refusedUntil && now < refusedUntil + 10 * refusedMs) return;
  if (now >= refusedUntil) refusedUntil = now + refusedMs;
  const seconds = Math.ceil((refusedUntil - now) / 1_000);
  throw rateLimited({ name: "played", requests: 1, seconds: 2 }, seconds, "Too many requests, as a play.");
}
