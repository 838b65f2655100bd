import { stripVTControlCharacters } from "node:util";
import { describe, expect, it } from "vitest";
import { printTree } from "../../scripts/trace/print-trace.ts";
import type { RecordedLine, RecordedSpan } from "../../scripts/trace/recorded-spans.ts";
import { around, framesIn, readable, spanTrees, withoutFrames } from "../../scripts/trace/span-tree.ts";

const span = (
  spanId: string,
  parentId: string | null,
  name: string,
  more: Partial<RecordedSpan> = {},
): RecordedSpan => ({
  traceId: "t",
  spanId,
  parentId,
  name,
  startMs: 1_000,
  durationMs: 100,
  failed: false,
  attributes: {},
  ...more,
});
const line = (spanId: string | null, event: string, fields = {}): RecordedLine => ({
  spanId,
  atMs: 1_050,
  level: "info",
  event,
  fields,
});

const frame = { attributes: { "faas.trigger": "websocket" } };

/** An upgrade, and two frames that came by its socket. */
const socket = [
  span("upgrade", null, "GET"),
  span("call", "upgrade", "durable_object_subrequest"),
  span("one", "call", "hibernatableWebSocket", frame),
  span("commit one", "one", "room.commit", { startMs: 1_050, durationMs: 25 }),
  span("two", "call", "hibernatableWebSocket", frame),
  span("commit two", "two", "room.commit"),
];

/** A drawing of the trees' names. */
const drawn = (nodes: readonly { name: string; children: readonly unknown[] }[]): unknown[] =>
  nodes.map(({ name, children }) => (children.length > 0 ? [name, drawn(children as never)] : name));

describe("the tree of a trace", () => {
  it("of what a socket did is the one frame in which it was found, and not what came since", () => {
    const { roots } = spanTrees(socket, []);
    expect(drawn(around(roots, new Set(["commit one"])))).toEqual([
      ["hibernatableWebSocket", ["room.commit"]],
    ]);
    expect(around(roots, new Set(["commit one"]))[0]!.spanId).toBe("one");
    expect(around(roots, new Set(["nothing"]))).toEqual([]);
    expect(drawn(around(roots, new Set(["upgrade"])))).toEqual([["GET", ["durable_object_subrequest"]]]);
    expect(drawn(roots.map(withoutFrames))).toEqual([["GET", ["durable_object_subrequest"]]]);
    expect(framesIn(roots[0]!)).toBe(2);
  });

  it("has lines where they were written; those of spans that are not in it stray", () => {
    const { roots, strayed } = spanTrees(socket, [
      line("commit two", "kept"),
      line("elsewhere", "strayed"),
      line(null, "none"),
    ]);
    expect(strayed.map(({ event }) => event)).toEqual(["strayed", "none"]);
    expect(around(roots, new Set(["two"]))[0]!.children[0]!.lines).toMatchObject([{ event: "kept" }]);
  });

  it("leaves out how the platform does it, and no line or failure with it", () => {
    const storage = "durable_object_storage_exec";
    const { roots } = spanTrees(
      [
        span("root", null, "POST"),
        span("query", "root", "d1_all"),
        span("inner", "query", "fetch", { attributes: { "url.full": "http://d1/query" } }),
        span("hook", "root", "fetch", { attributes: { "url.full": "http://receiver/" } }),
        span("session", "root", "jsRpcSession"),
        span("s1", "session", storage),
        span("s2", "session", storage),
        span("s3", "session", storage, { failed: true }),
      ],
      [line("session", "said")],
    );
    const tree = readable(roots[0]!);
    expect(drawn([tree])).toEqual([["POST", ["d1_all", "fetch", storage, storage]]]);
    expect(tree.children[2]).toMatchObject({ times: 2, durationMs: 200 });
    expect(tree.lines).toMatchObject([{ event: "said" }]);
  });

  it("is drawn with bars, durations, failures and lines in their order", () => {
    const { roots } = spanTrees(
      [
        span("root", null, "HTTP GET", { attributes: { "http.route": "/documents/:id", request_id: "r-1" } }),
        span("failed", "root", "CacheCheck", { startMs: 1_025, durationMs: 25, failed: true }),
        span("open", "root", "DatabaseFetch", { startMs: 1_075, durationMs: null }),
      ],
      [line("root", "request", { status: 500 })],
    );
    const text = stripVTControlCharacters(printTree(roots[0]!, { width: 120, all: false }).join("\n"));
    expect(text).toBe(
      [
        "HTTP GET /documents/:id                       ▕████████████████████▏   100 ms  request_id=r-1",
        "├─ CacheCheck ✗                               ▕     █████          ▏    25 ms",
        "├╴00:00:01.050 info request status=500",
        "└─ DatabaseFetch                              ▕               █    ▏     open",
      ].join("\n"),
    );
  });
});
