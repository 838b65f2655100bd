import { operationTraceId } from "../protocol/operation-trace.ts";
import { kindOf, type OperationKind, transformsOf } from "./operation-filter.ts";
import type { Timeline } from "./timeline.ts";

/** What is known of one operation, for whoever shows it. */
export interface OperationFacts {
  version: number;
  at: number;
  kind: OperationKind;
  actor: number;
  seq: number;
  userId: string;
  clientId: string | null;
  by: "person" | "program" | "import";
  /** Undefined: not known. */
  base: number | undefined;
  transforms: number | undefined;
  latencyMs: number | undefined;
  op: readonly (number | string)[];
  hash: number | undefined;
  /** See src/protocol/operation-trace.ts; undefined where the document's id was taken away. */
  traceId: string | undefined;
}

/** Undefined for a version that no operation made. */
export function factsOf(timeline: Timeline, version: number): OperationFacts | undefined {
  const made = timeline.operation(version);
  if (!made) return undefined;
  const { documentId, isAnonymized } = timeline.bundle.head;
  const { userId, clientId, kind } = timeline.bundle.actors.get(made.actor)!;
  return {
    version,
    at: made.at,
    kind: kindOf(made.operation),
    actor: made.actor,
    seq: made.seq,
    userId,
    clientId,
    by: kind,
    base: made.base,
    transforms: transformsOf(made),
    latencyMs: made.latencyMs,
    op: made.operation,
    hash: made.hash,
    traceId: isAnonymized ? undefined : operationTraceId(documentId, version),
  };
}

/** In words; what was measured as less than is kept is told from what was not. */
export const latencyText = ({ latencyMs, base }: Pick<OperationFacts, "latencyMs" | "base">): string => {
  if (latencyMs !== undefined) return `${latencyMs} to ${2 * latencyMs} ms`;
  return base === undefined ? "?" : "< 8 ms";
};

/** An operation as JSON, cut where it is long. */
export function operationText(op: readonly (number | string)[], units: number): string {
  const whole = JSON.stringify(op);
  return whole.length <= units ? whole : `${whole.slice(0, units - 1).replace(/[\ud800-\udbff]$/, "")}…`;
}
