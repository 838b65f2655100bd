import { createMiddleware } from "hono/factory";
import { database } from "../db/database.ts";
import { settingsOf } from "../env.ts";
import { errorFields, log } from "../platform/log.ts";
import { Problem } from "../platform/problem.ts";
import type { RequestContext } from "../platform/request-context.ts";
import { limits } from "../protocol/limits.ts";
import { hashOfText, openAnswer, type SealKey, type StoredAnswer, sealAnswer } from "./sealed-answer.ts";
import { claimKey, dropAnswer, forgetKey, keepAnswer, releaseKey } from "./store.ts";

/** What a request that makes something is to call it. */
export interface Making {
  id: string;
  /** The same request was here before and got no answer that was kept: what it made may be there, by this id. */
  again: boolean;
}

type Idempotent = RequestContext & {
  Variables: { principal: { userId: string }; making: Making; text?: string };
};

/** Headers of an answer that belong to what was made, and not to the moment. */
const keptHeaders = ["content-type", "location", "etag"];

/**
 * Law ID-1: a request that makes something may bear an `Idempotency-Key`
 * (draft-ietf-httpapi-idempotency-key-header-07); whoever sends it again, since no answer came, gets the answer of the first
 * time, and nothing is made twice. A key is its person's, and is remembered for a day. Refusals are not remembered: they
 * made nothing. Stands behind what says who asks, and what reads the body.
 */
export const idempotent = createMiddleware<Idempotent>(async (c, next) => {
  const key = keyIn(c.req.header("idempotency-key"));
  if (key === undefined) {
    c.set("making", { id: crypto.randomUUID(), again: false });
    return next();
  }
  const db = database(c.env.DB);
  const { userId } = c.var.principal;
  const { pathname, search } = new URL(c.req.url);
  const [secret = ""] = settingsOf(c.env).refreshSecrets;
  const sealKey: SealKey = { secret, userId, key };
  // What was read as a text is read; the rest as bytes, since of what it takes for no text the platform warns.
  const body = c.var.text ?? new TextDecoder().decode(await c.req.arrayBuffer());
  const request = {
    userId,
    keyHash: await hashOfText(key),
    fingerprint: await hashOfText(`${c.req.method} ${pathname}${search}\n${body}`),
  };
  let found = await claimKey(db, request, Date.now());
  if (found.state === "answered") {
    const answer = await openAnswer(sealKey, found.answer);
    if (answer) {
      const headers = { ...answer.headers, "idempotency-replayed": "true" };
      return new Response(answer.body, { status: answer.status, headers });
    }
    // The service's secret was replaced since: what was made is there all the same.
    await dropAnswer(db, request);
    found = await claimKey(db, request, Date.now());
  }
  if (found.state === "other") {
    throw new Problem(
      "idempotency_key_reused",
      "This Idempotency-Key was used for another request. Take a new one for each thing that you make.",
    );
  }
  if (found.state !== "claimed") {
    throw new Problem("idempotency_in_flight", "The same request is being worked on.", {
      headers: { "retry-after": "1" },
    });
  }
  const { claim } = found;
  c.set("making", { id: claim.madeId, again: claim.again });
  await next();
  try {
    await finish(c.res);
  } catch (error) {
    // What was made is there, and is found by its id when somebody asks again.
    log("warn", "answer_not_kept", { request_id: c.get("requestId"), ...errorFields(error) });
  }
  return undefined;

  async function finish({ status, headers, body }: Response): Promise<void> {
    if (status >= 500) return releaseKey(db, claim);
    if (status >= 400) return forgetKey(db, claim);
    const text = body === null ? "" : await c.res.clone().text();
    // One that is too large is put together again from what was made.
    if (text.length > limits.keptAnswerUnits) return releaseKey(db, claim);
    const kept = Object.fromEntries(
      keptHeaders.flatMap((name) => (headers.has(name) ? [[name, headers.get(name)!]] : [])),
    );
    const answer: StoredAnswer = { status, headers: kept, body: text };
    return keepAnswer(db, claim, await sealAnswer(sealKey, answer));
  }
});

/** The key, as a String of structured fields (RFC 9651 §3.3.3), or bare, as most clients send it. */
function keyIn(header: string | undefined): string | undefined {
  if (header === undefined) return undefined;
  const quoted = /^"((?:[^"\\]|\\["\\])*)"$/.exec(header.trim())?.[1]?.replaceAll(/\\(.)/g, "$1");
  const key = quoted ?? header.trim();
  if (/^[\x20-\x7e]+$/.test(key) && key.length <= limits.idempotencyKeyUnits) return key;
  throw new Problem(
    "invalid_request",
    `Idempotency-Key must be 1 to ${limits.idempotencyKeyUnits} printable ASCII characters.`,
  );
}
