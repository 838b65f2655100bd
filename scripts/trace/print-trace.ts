import { styleText } from "node:util";
import type { RecordedLine } from "./recorded-spans.ts";
import type { SpanNode } from "./span-tree.ts";

const barWidth = 20;

/** Attributes that say nothing to who looks for a fault. */
const dull =
  /^(cloudflare\.|faas\.|network\.|cpu_time_ms$|wall_time_ms$|db\.(system|operation)|jsrpc\.(target|operation|caller)|objectId$|url\.full$|http\.(request\.(header|body|method)|response\.body))/;

interface Window {
  from: number;
  ms: number;
}

/** A tree as lines for a terminal of this width. With `all`, every attribute, and none cut short. */
export function printTree(root: SpanNode, { width, all }: { width: number; all: boolean }): string[] {
  const window = { from: root.startMs, ms: Math.max(1, endOf(root) - root.startMs) };
  const printed: string[] = [];
  const print = (node: SpanNode, indent: string, branch: string) => {
    const head = `${indent}${branch}${label(node)}`;
    const name = node.failed ? styleText("red", `${head} ✗`) : head;
    const pad = " ".repeat(Math.max(1, 46 - head.length - (node.failed ? 2 : 0)));
    const figures = `${bar(node, window)} ${durationOf(node).padStart(8)}`;
    printed.push(`${name}${pad}${figures}  ${styleText("dim", attributes(node, width - 78, all))}`.trimEnd());
    const below = indent + (branch === "" ? "" : branch === "└─ " ? "   " : "│  ");
    const items = [
      ...node.children.map((child) => ({ at: child.startMs, child, line: undefined })),
      ...node.lines.map((line) => ({ at: line.atMs, child: undefined, line })),
    ].sort((a, b) => a.at - b.at);
    for (const [index, { child, line }] of items.entries()) {
      const isLast = index === items.length - 1;
      if (child) print(child, below, isLast ? "└─ " : "├─ ");
      else if (line)
        printed.push(
          `${below}${isLast ? "└╴" : "├╴"}${logLine(line, all ? Number.POSITIVE_INFINITY : width - below.length - 2)}`,
        );
    }
  };
  print(root, "", "");
  return printed;
}

const endOf = (node: SpanNode): number =>
  Math.max(node.startMs + (node.durationMs ?? 0), ...node.children.map(endOf));

function label({ name: full, times, attributes }: SpanNode): string {
  const name = full.replace(/^durable_object_storage_/, "storage ");
  if (times > 1) return `${name} ×${times}`;
  const detail = attributes["http.route"] ?? attributes["jsrpc.method"];
  return detail === undefined ? name : `${name} ${detail}`;
}

/** Where in the window a span lies. */
function bar({ startMs, durationMs }: SpanNode, { from, ms }: Window): string {
  const column = (time: number) =>
    Math.min(barWidth, Math.max(0, Math.round(((time - from) / ms) * barWidth)));
  const start = Math.min(column(startMs), barWidth - 1);
  const end = Math.max(start + 1, column(startMs + (durationMs ?? 0)));
  return `▕${" ".repeat(start)}${"█".repeat(end - start)}${" ".repeat(barWidth - end)}▏`;
}

const durationOf = ({ durationMs }: SpanNode): string => (durationMs === null ? "open" : `${durationMs} ms`);

function attributes({ attributes }: SpanNode, width: number, all: boolean): string {
  const shown = Object.entries(attributes).filter(
    ([name]) => all || !(dull.test(name) || name === "http.route" || name === "jsrpc.method"),
  );
  const text = shown.map(([name, value]) => `${name}=${String(value).replace(/\s+/g, " ")}`).join(" ");
  return all ? text : cut(text, Math.max(40, width));
}

function logLine({ atMs, level, event, fields }: RecordedLine, width: number): string {
  const time = new Date(atMs).toISOString().slice(11, 23);
  const text = Object.entries(fields)
    .map(([name, value]) => `${name}=${typeof value === "object" ? JSON.stringify(value) : value}`)
    .join(" ");
  const line = cut(`${time} ${level} ${event} ${text}`, Math.max(60, width));
  if (level === "error") return styleText("red", line);
  return level === "warn" ? styleText("yellow", line) : styleText("cyan", line);
}

const cut = (text: string, width: number): string =>
  text.length > width ? `${text.slice(0, width - 1)}…` : text;
