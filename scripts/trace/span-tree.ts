import type { RecordedLine, RecordedSpan } from "./recorded-spans.ts";

/** A span with what is below it, and the lines that were written in it. */
export interface SpanNode extends RecordedSpan {
  children: SpanNode[];
  lines: RecordedLine[];
  /** So many spans of one name, one after the other, with nothing below them: their time is the sum. */
  times: number;
}

/**
 * The trees of a trace: mostly one. `strayed` are lines of no span in it, such as those of a room that gathers what it has to say,
 * and says it in a timer's turn.
 */
export function spanTrees(
  spans: readonly RecordedSpan[],
  lines: readonly RecordedLine[],
): { roots: SpanNode[]; strayed: RecordedLine[] } {
  const nodes = new Map(
    spans.map((span) => [span.spanId, { ...span, children: [], lines: [], times: 1 } as SpanNode]),
  );
  const roots: SpanNode[] = [];
  for (const node of nodes.values()) {
    const parent = nodes.get(node.parentId ?? "");
    if (parent) parent.children.push(node);
    else roots.push(node);
  }
  const strayed: RecordedLine[] = [];
  for (const line of lines) (nodes.get(line.spanId ?? "")?.lines ?? strayed).push(line);
  return { roots, strayed };
}

/**
 * Of a trace in which something was found, the trees around it: what a socket does belongs to the trace of its upgrade for as long
 * as it is open, so there it is the one frame, and not everything since.
 */
export function around(roots: readonly SpanNode[], found: ReadonlySet<string>): SpanNode[] {
  const holds = (node: SpanNode): boolean => found.has(node.spanId) || node.children.some(holds);
  const frames = (node: SpanNode): SpanNode[] => (isFrame(node) ? [node] : node.children.flatMap(frames));
  return roots.filter(holds).flatMap((root) => {
    const without = withoutFrames(root);
    return [...(holds(without) ? [without] : []), ...frames(root).filter(holds)];
  });
}

const isFrame = ({ attributes }: SpanNode): boolean => attributes["faas.trigger"] === "websocket";

/** The tree without what its socket did later. */
export function withoutFrames(node: SpanNode): SpanNode {
  return { ...node, children: node.children.filter((child) => !isFrame(child)).map(withoutFrames) };
}

/** How many frames of its socket a tree has. */
export const framesIn = (node: SpanNode): number =>
  (isFrame(node) ? 1 : 0) + node.children.reduce((sum, child) => sum + framesIn(child), 0);

/** How the platform does it, which says nothing of the service. */
function isPlumbing({ name, attributes }: SpanNode): boolean {
  return (
    name === "traceparent" ||
    name === "jsRpcSession" ||
    name === "durable_object_subrequest" ||
    name === "jsrpc" ||
    (name === "fetch" && /^http:\/\/d1\//.test(String(attributes["url.full"])))
  );
}

/** The tree as people read it: without plumbing, and one line for many spans of one name. */
export function readable(node: SpanNode): SpanNode {
  const children = node.children.map(readable);
  const kept = children.flatMap((child) => (isPlumbing(child) ? child.children : [child]));
  const lines = [...node.lines, ...children.flatMap((child) => (isPlumbing(child) ? child.lines : []))];
  return { ...node, lines, children: folded(kept) };
}

function folded(nodes: readonly SpanNode[]): SpanNode[] {
  const result: SpanNode[] = [];
  for (const node of nodes) {
    const before = result.at(-1);
    const isLeaf = (one: SpanNode) => one.children.length === 0 && one.lines.length === 0 && !one.failed;
    if (
      before &&
      before.name === node.name &&
      isLeaf(before) &&
      isLeaf(node) &&
      /^durable_object_storage/.test(node.name)
    ) {
      const durationMs = (before.durationMs ?? 0) + (node.durationMs ?? 0);
      result[result.length - 1] = { ...before, times: before.times + 1, durationMs, attributes: {} };
    } else result.push(node);
  }
  return result;
}
