import { describe, expect, it } from "vitest";
import { terminalLine } from "../../scripts/terminal-log.ts";

const now = new Date(2026, 10, 23, 14, 3, 22);
const shown = (fields: object, options = {}) =>
  terminalLine(JSON.stringify(fields), { now, color: false, verbose: false, ...options });

const request = {
  event: "request",
  level: "info",
  request_id: "8c1f0b5f-1fd5-4d2d-9d5b-3d7d5bb1f111",
  trace_id: "4bf92f3577b34da6a3ce929d0e0e4736",
  document_id: "7f0b5f3c-1fd5-4d2d-9d5b-3d7d5bb1f111",
  version: 3,
  method: "PATCH",
  route: "/api/v1/documents/:id",
  status: 200,
  outcome: "ok",
  duration_ms: 12.3,
};

describe("the log on a terminal", () => {
  it("is one line for a request: time, level, route, status, milliseconds, and ids by their beginning", () => {
    expect(shown(request)).toBe(
      "14:03:22 info  PATCH /api/v1/documents/:id 200 12.3 ms request=8c1f0b5f trace=4bf92f35 document=7f0b5f3c version=3",
    );
  });

  it("names what was refused, and what went wrong", () => {
    expect(shown({ ...request, status: 412, outcome: "precondition_failed" })).toContain(
      " 412 precondition_failed 12.3 ms ",
    );
    expect(shown({ event: "room_failed", level: "error", error: "RangeError", at: "f (x.ts:1:2)" })).toBe(
      "14:03:22 error room_failed error=RangeError at=f (x.ts:1:2)",
    );
  });

  it("leaves out what goes well by itself, unless LOG_LEVEL is debug", () => {
    const commit = { event: "room_commit", level: "info", outcome: "ok", version: 7 };
    const health = { ...request, route: "/health" };
    for (const line of [commit, health]) {
      expect(shown(line)).toBeUndefined();
      expect(shown(line, { verbose: true })).toBeDefined();
    }
    expect(shown({ ...commit, level: "error", outcome: "failed" })).toContain("room_commit failed");
    expect(shown({ ...health, level: "warn", status: 503, outcome: "unavailable" })).toContain("503");
  });

  it("shows bodies below the line, and levels in color", () => {
    const body = '{"title":"[redacted]"}';
    expect(shown({ event: "debug_request", level: "debug", method: "GET", route: "/x", body })).toBe(
      `14:03:22 debug debug_request GET /x\n  ${body}`,
    );
    expect(shown({ ...request, level: "warn" }, { color: true })).toContain("\u001b[33mwarn ");
  });

  it.each(["Ready on http://127.0.0.1:8787", "", '{"event": 1', "{}"])(
    "hands on what is no line of it: %s",
    (line) => {
      expect(terminalLine(line, { now, color: false, verbose: false })).toBe(line);
    },
  );
});
