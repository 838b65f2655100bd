// The service's log as `npm start` shows it: JSON where it goes on to another program, a line to read on a terminal.
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import type { WriteStream } from "node:tty";
import { styleText } from "node:util";

type Fields = Record<string, unknown>;

/** What goes well, often and by itself: shown with `LOG_LEVEL=debug`. */
const quiet = new Set(["room_commit", "queue_batch", "cron"]);

/** Fields that the line has in its beginning, or nowhere. */
const placed = new Set([
  "event",
  "level",
  "method",
  "route",
  "status",
  "outcome",
  "duration_ms",
  "trace_id",
  "body",
  "headers",
]);

const colors = { debug: "gray", info: "green", warn: "yellow", error: "red" } as const;

/**
 * One line of what wrangler says, as a terminal shows it; undefined: it is not shown. Ids are cut to eight signs, by which the JSON
 * (`LOG_FORMAT=json`) can be searched. What is no line of the service's log is shown as it is.
 */
export function terminalLine(
  line: string,
  { now, color, verbose }: { now: Date; color: boolean; verbose: boolean },
): string | undefined {
  const fields = parse(line);
  if (!fields) return line;
  const { event, level, method, route, status, outcome, duration_ms, trace_id, body, headers } = fields;
  const isHealth = String(route).startsWith("/health");
  const isWell = level === "info" && outcome === "ok" && (quiet.has(String(event)) || isHealth);
  if (!verbose && (isWell || (isHealth && level === "debug"))) return undefined;
  const known = String(level) in colors ? (level as keyof typeof colors) : "info";
  const paint = (format: Parameters<typeof styleText>[0], text: string) =>
    color ? styleText(format, text, { validateStream: false }) : text;
  const head = [
    paint("gray", now.toTimeString().slice(0, 8)),
    paint(colors[known], known.padEnd(5)),
    event === "request" ? undefined : String(event),
    method && `${method} ${route ?? ""}`.trim(),
    status,
    outcome === "ok" ? undefined : outcome,
    duration_ms === undefined ? undefined : `${duration_ms} ms`,
  ];
  const rest = Object.entries({ ...fields, trace_id })
    .filter(([name]) => !placed.has(name) || name === "trace_id")
    .filter(([, value]) => value !== undefined && value !== "")
    .map(([name, value]) => paint("gray", `${name.replace(/_id$/, "")}=${short(value)}`));
  const shown = [headers, body]
    .filter((text) => text)
    .map((text) => `\n${String(text).replaceAll(/^/gm, "  ")}`);
  return [...head.filter((part) => part !== undefined && part !== ""), ...rest].join(" ") + shown.join("\n");
}

/** A UUID or a trace id by its beginning; anything else whole. */
const short = (value: unknown): string =>
  String(value).replaceAll(
    /\b([0-9a-f]{8})(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b|\b([0-9a-f]{8})[0-9a-f]{24}\b/g,
    "$1$2",
  );

function parse(line: string): Fields | undefined {
  if (!line.startsWith('{"event":')) return undefined;
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

/** What wrangler says of every request, and of itself: the service says it better. Whoever asks for it (`WRANGLER_LOG`) gets it. */
const isChatter = (line: string) => /^\[wrangler:info\]/.test(line);

/** Hands on what the service and wrangler write, for as long as they do. */
export function showLog(from: Readable, to: WriteStream): void {
  const { LOG_FORMAT, LOG_LEVEL, WRANGLER_LOG, NO_COLOR } = process.env;
  const asJson = LOG_FORMAT === "json" || !to.isTTY;
  let wasChatter = false;
  createInterface(from).on("line", (line) => {
    // A blank line follows it.
    const belongsToIt = wasChatter && line === "";
    wasChatter = WRANGLER_LOG === undefined && (isChatter(line) || belongsToIt);
    if (wasChatter) return;
    const options = { now: new Date(), color: !NO_COLOR, verbose: LOG_LEVEL === "debug" };
    const shown = asJson ? line : terminalLine(line, options);
    if (shown !== undefined) to.write(`${shown}\n`);
  });
}
