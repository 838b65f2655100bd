import { editorWorkloads } from "./editors/workloads.ts";
import { otWorkloads } from "./ot/workloads.ts";
import { traceWorkloads } from "./trace/workloads.ts";
import { typingWorkloads } from "./typing/workloads.ts";
import type { Workload } from "./workload.ts";

/** All of them, in the order of the report. */
export const workloads: readonly Workload[] = [
  ...editorWorkloads,
  ...traceWorkloads,
  ...typingWorkloads,
  ...otWorkloads,
];
