import { afterEach, expect } from "vitest";
import { secretsIn } from "./log-secrets.ts";

// For every test that runs in workerd: what the service logs meanwhile is looked through for secrets. Files share one
// isolate, and so one console; a test that puts a spy in its place looks at the lines itself.

interface Watched {
  lines: number;
  found: string[];
}

const levels = ["debug", "log", "info", "warn", "error"] as const;
/** What the service writes at these is a line for every request: seen, and not shown. */
const unshown: readonly string[] = ["debug", "info"];
const mark = Symbol.for("materi.test.watched-log");
const shared = globalThis as { [mark]?: Watched };

function watch(): Watched {
  const watched: Watched = { lines: 0, found: [] };
  for (const level of levels) {
    const write = console[level].bind(console);
    console[level] = (...parts: unknown[]) => {
      const line = parts.map(String).join(" ");
      watched.lines++;
      for (const secret of secretsIn(line)) watched.found.push(`${secret} in: ${line}`);
      if (!unshown.includes(level)) write(...parts);
    };
  }
  return watched;
}

shared[mark] ??= watch();

/** What was seen until now. */
export const watchedLog: Watched = shared[mark];

afterEach(() => expect(watchedLog.found.splice(0)).toEqual([]));
