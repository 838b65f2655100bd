import { editorWorkloads } from "./editors/workloads.ts";
import { fanoutWorkloads } from "./fanout/workloads.ts";
import { roomMemory } from "./growth/memory.ts";
import { growthWorkloads } from "./growth/workloads.ts";
import { otWorkloads } from "./ot/workloads.ts";
import { restWorkloads } from "./rest/workloads.ts";
import { storageWorkloads } from "./storage/workloads.ts";
import { coldOpen } from "./trace/cold-open.ts";
import { traceWorkloads } from "./trace/workloads.ts";
import { typingWorkloads } from "./typing/workloads.ts";
import type { Workload } from "./workload.ts";

/** All of them, in the order of the report. */
export const workloads: readonly Workload[] = [
  ...editorWorkloads,
  ...traceWorkloads,
  ...typingWorkloads,
  coldOpen,
  ...storageWorkloads,
  ...growthWorkloads,
  roomMemory,
  ...otWorkloads,
  ...restWorkloads,
  ...fanoutWorkloads,
];
