import type { Hook } from "@hono/zod-openapi";
import type { Context, ErrorHandler, Hono, NotFoundHandler } from "hono";
import { HTTPException } from "hono/http-exception";
import { ConfigurationError } from "../env.ts";
import { errorFields, log } from "./log.ts";
import { Problem, problemResponse } from "./problem.ts";
import type { RequestContext } from "./request-context.ts";

/** Turns whatever was thrown into the one form of error answer; what was not meant to be seen is logged and hidden. */
export const onError: ErrorHandler<RequestContext> = (error, c) => refuse(c, toProblem(error, c));

function refuse(c: Context<RequestContext>, problem: Problem): Response {
  c.set("outcome", problem.code);
  return problemResponse(problem, c.get("requestId"));
}

function toProblem(error: unknown, c: Context<RequestContext>): Problem {
  if (error instanceof Problem) return error;
  // Hono's own refusals, before a handler runs.
  if (error instanceof HTTPException) {
    if (error.status === 415) {
      return new Problem("unsupported_media_type", "Send the body as application/json.", {
        headers: { accept: "application/json" },
      });
    }
    if (error.status === 400) return new Problem("invalid_request", "The body is not well-formed JSON.");
  }
  const database = databaseProblem(error);
  log("error", database ? `database_${database.code}` : "unexpected_error", {
    request_id: c.get("requestId"),
    trace_id: c.get("traceId"),
    method: c.req.method,
    route: c.req.routePath,
    ...errorFields(error),
    // Written for the operator, and free of secrets.
    ...(error instanceof ConfigurationError && { hint: error.message }),
  });
  if (database) return database;
  if (isTransient(error)) {
    return new Problem("unavailable", "A part of the service is not reachable. Try again.");
  }
  return new Problem("internal", "Something went wrong here. The request_id tells the operator what.");
}

/** What the gate before D1 (src/db/d1-gate.ts) throws, perhaps within an error of drizzle's; this folder knows it by name alone. */
function databaseProblem(error: unknown): Problem | undefined {
  for (let at = error, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth++) {
    if (at.name === "DatabaseBusy") {
      return new Problem("unavailable", "The database has too much to do. Nothing was done. Try again.", {
        headers: { "retry-after": "2" },
      });
    }
    if (at.name === "DatabaseTimeout") {
      const done = "mayHaveHappened" in at && at.mayHaveHappened === true;
      return new Problem(
        "timeout",
        `The database did not answer in time. ${done ? perhapsDone : "Try again."}`,
      );
    }
  }
  return undefined;
}

const perhapsDone =
  "What you asked for may have been done all the same: look before you ask again, or ask with the same Idempotency-Key, which makes " +
  "nothing twice.";

/** How Durable Objects mark errors that passed by themselves: lost connections, restarts, overload. */
function isTransient(error: unknown): boolean {
  return (
    error instanceof Error &&
    (("retryable" in error && error.retryable === true) ||
      ("overloaded" in error && error.overloaded === true))
  );
}

/** Answers a request that does not fit its route's schema: 422 where the body is at fault, 400 for the address. */
// biome-ignore lint/suspicious/noExplicitAny: it serves every route's own types
export const onInvalid: Hook<any, RequestContext, any, any> = (result) => {
  if (result.success) return;
  const errors = result.error.issues.map((issue) => ({
    path: issue.path.map((part) => (typeof part === "symbol" ? String(part) : part)),
    message: issue.message,
    code: String(issue.code),
  }));
  const detail = `${errors.map((error) => error.message).join("; ")}.`;
  throw new Problem(result.target === "json" ? "validation_failed" : "invalid_request", detail, { errors });
};

const methods = ["GET", "POST", "PUT", "PATCH", "DELETE"];

/** Answers what no route answers: 405 where another method would have been (RFC 9110 §15.5.6), or 404. */
export function notFoundOf(app: Hono<RequestContext>): NotFoundHandler<RequestContext> {
  const problemFor = (path: string) => {
    const handlers = (method: string) => app.router.match(method, path)[0].length;
    // What matches a method that does not exist is middleware for all of them.
    const forAll = handlers("NONE");
    const allowed = methods.filter((method) => handlers(method) > forAll).join(", ");
    return allowed
      ? new Problem("method_not_allowed", `This address takes ${allowed}.`, { headers: { allow: allowed } })
      : new Problem("not_found", "There is nothing at this address.");
  };
  // Answered, not thrown: what is thrown here passes by the middleware that finishes every answer.
  return (c) => refuse(c, problemFor(c.req.path));
}
