import { createMiddleware } from "hono/factory";
import { routePath } from "hono/route";
import { type SettingsSource, secretsOf } from "../env.ts";
import { serverLimits } from "../protocol/limits.ts";
import { logAsked } from "./log.ts";
import { refuseOthers } from "./operator-guard.ts";
import { Redactor } from "./redaction.ts";
import type { RequestContext } from "./request-context.ts";

/**
 * Bears the operator's token (`ADMIN_TOKEN`), and has this one request shown in the log. Apart from `Authorization`, which
 * is the user's whose request it is.
 */
export const debugHeader = "x-materi-debug";

/**
 * Shows requests and their answers in the log, without secrets: all of them with `DEBUG_REQUESTS`, or those that bear
 * `X-Materi-Debug: <ADMIN_TOKEN>`. It sees bodies as they pass, and waits for none of them. Throws Problem `not_configured`,
 * `invalid_token` for another's token.
 */
export const debugRequests = createMiddleware<RequestContext>(async (c, next) => {
  const token = c.req.header(debugHeader);
  // Not by `settingsOf`, which throws where another setting is at fault.
  const { DEBUG_REQUESTS }: SettingsSource = c.env;
  if (token !== undefined) refuseOthers(c.env, token);
  else if (DEBUG_REQUESTS !== "true") return next();

  const startedAt = performance.now();
  const { raw } = c.req;
  const redactor = new Redactor(secretsOf(c.env));
  const { pathname, search } = new URL(raw.url);
  const sent = new Passing(raw.headers, raw.body);
  if (sent.body) c.req.raw = new Request(raw, { body: sent.body });

  await next();

  const { res } = c;
  const common = {
    request_id: c.get("requestId"),
    trace_id: c.get("traceId"),
    method: raw.method,
    route: routePath(c, -1),
  };
  logAsked("debug_request", () => {
    const shown = {
      headers: redactor.headers(raw.headers),
      query: redactor.form(search),
      path: redactor.text(pathname),
      body: sent.shown(redactor),
    };
    return {
      ...common,
      path: redactor.again(shown.path),
      query: redactor.again(shown.query),
      headers: redactor.again(shown.headers),
      body: redactor.again(shown.body),
      body_bytes: sent.bytes,
    };
  });
  const answer = { status: res.status, duration_ms: Math.round((performance.now() - startedAt) * 10) / 10 };
  const show = (body: () => string, bytes: () => number) =>
    logAsked("debug_answer", () => {
      const shown = { headers: redactor.headers(res.headers), body: body() };
      return {
        ...common,
        ...answer,
        headers: redactor.again(shown.headers),
        body: redactor.again(shown.body),
        body_bytes: bytes(),
      };
    });
  // What has no end would be shown only when it has one.
  if (!res.body || res.status === 101 || !isText(res.headers)) {
    return show(
      () => kindOf(res.headers, res.body),
      () => 0,
    );
  }
  const answered = new Passing(res.headers, res.body, () =>
    show(
      () => answered.shown(redactor),
      () => answered.bytes,
    ),
  );
  c.res = undefined;
  c.res = new Response(answered.body, res);
  return undefined;
});

/** A body on its way, of which the beginning is kept. */
class Passing {
  readonly body: ReadableStream<Uint8Array> | null = null;
  bytes = 0;
  readonly #headers: Headers;
  readonly #kept: Uint8Array[] = [];
  #isWhole = false;

  constructor(headers: Headers, body: ReadableStream<Uint8Array> | null, ended: () => void = () => {}) {
    this.#headers = headers;
    if (!body) return;
    const end = () => {
      this.#isWhole = true;
      ended();
    };
    const passing = new TransformStream<Uint8Array, Uint8Array>({
      transform: (chunk, controller) => {
        this.#keep(chunk);
        controller.enqueue(chunk);
      },
      flush: end,
      // Whoever reads it has gone: it is shown as far as it came.
      cancel: ended,
    });
    this.body = body.pipeThrough(passing);
  }

  #keep(chunk: Uint8Array): void {
    const room = serverLimits.debuggedBytes - this.bytes;
    if (room > 0) this.#kept.push(chunk.slice(0, room));
    this.bytes += chunk.byteLength;
  }

  shown(redactor: Redactor): string {
    if (!this.body) return "";
    if (this.bytes === 0 && !this.#isWhole) return "[not read]";
    if (!isText(this.#headers)) return kindOf(this.#headers, this.body);
    const isCut = !this.#isWhole || this.bytes > serverLimits.debuggedBytes;
    const text = new TextDecoder().decode(Buffer.concat(this.#kept));
    if (/[\0\ufffd](?!$)/.test(text)) return "[not text]";
    const type = this.#headers.get("content-type") ?? "";
    if (/^application\/x-www-form-urlencoded\b/i.test(type))
      return isCut ? redactor.text(text, { isCut }) : redactor.form(text);
    return /^\s*[[{"]/.test(text) ? redactor.json(text, { isCut }) : redactor.text(text, { isCut });
  }
}

/** Texts that end: a stream of events does not. */
function isText(headers: Headers): boolean {
  const type = headers.get("content-type") ?? "";
  return /^(text\/(?!event-stream)|application\/([\w.-]+\+)?(json|x-www-form-urlencoded)\b|$)/i.test(type);
}

/** In place of what is not shown: its type alone, whose parameters may be anything. */
function kindOf(headers: Headers, body: unknown): string {
  const type = /^[\w.-]+\/[\w.+-]+/.exec(headers.get("content-type") ?? "")?.[0] ?? "no type";
  return body ? `[${type}]` : "";
}
