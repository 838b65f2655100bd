import { env } from "cloudflare:workers";
import { type LogLevel, logLevelOf } from "../env.ts";
import { currentTraceId } from "./trace-scope.ts";

const order: Record<LogLevel, number> = { debug: 0, info: 1, warn: 2, error: 3 };

/** Of the isolate, whose settings never change. */
let least: number | undefined;

/** Whether lines of this level are written (`LOG_LEVEL`): to be asked where it costs something to make one. */
export function isLogged(level: LogLevel): boolean {
  least ??= order[logLevelOf(env)];
  return order[level] >= least;
}

/** What a line may carry: ids, codes, counts. Never a body, a token, an address or a text of a document. */
export type LogFields = Record<string, string | number | boolean | undefined>;

/** Writes one structured line, which Workers' logs index by field, with the trace id of what is going on. */
export function log(level: LogLevel, event: string, fields: LogFields = {}): void {
  if (!isLogged(level)) return;
  // biome-ignore lint/suspicious/noConsole: the one place where the service writes its log
  console[level](JSON.stringify({ event, level, ...fields, trace_id: fields.trace_id ?? currentTraceId() }));
}

/**
 * A line that somebody has asked for, whatever the level is: what debugging shows. What `describe` throws stays here, since
 * debugging changes nothing of what it shows.
 */
export function logAsked(event: string, describe: () => LogFields): void {
  try {
    // biome-ignore lint/suspicious/noConsole: as above
    console.info(JSON.stringify({ event, level: "debug", ...describe() }));
  } catch (error) {
    log("error", "debugging_failed", errorFields(error));
  }
}

/**
 * Names an error without quoting it: the class, and the code of the deepest cause that has one. Messages stay out,
 * since drizzle's carry the SQL with its parameters, and others' carry what they choked on.
 */
export function errorFields(error: unknown): LogFields {
  let code: string | undefined;
  for (let at = error, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth++) {
    const found = sqliteCode(at) ?? ("code" in at && typeof at.code === "string" ? at.code : undefined);
    code = found ?? code;
  }
  return {
    // The bundler writes a class that speaks of itself as `_Name`.
    error: error instanceof Error ? error.constructor.name.replace(/^_/, "") : typeof error,
    ...(code !== undefined && { code }),
    at: error instanceof Error ? firstFrame(error) : undefined,
  };
}

/** D1 puts SQLite's code into the text of its errors only. */
function sqliteCode(error: Error): string | undefined {
  return /\bSQLITE_[A-Z_]+/.exec(error.message)?.[0];
}

/** Where it was thrown: function, file and line, without the message, which `stack` begins with. */
function firstFrame({ stack = "", message }: Error): string | undefined {
  return /^\s+at (.+)$/m.exec(stack.slice(stack.indexOf(message) + message.length))?.[1];
}
