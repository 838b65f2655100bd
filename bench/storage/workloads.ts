import { recording } from "../trace/recording.ts";
import type { Workload } from "../workload.ts";
import { sealedSize } from "./sealed-size.ts";

const storagePerEdit = (name: string, atMost: number): Workload => ({
  id: `storage-${name}`,
  name: `storage of ${name}: whole history with author and time, and the text`,
  isQuick: false,
  // In this process, and the same each time.
  rounds: 1,
  targets: [{ figure: "bytes per edit", atMost }],
  contenders: async () => [{ name: "Materi", measure: async () => sealedSize(recording(name)) }],
});

export const storageWorkloads: readonly Workload[] = [
  storagePerEdit("automerge-paper", 0.8),
  storagePerEdit("seph-blog1", 1.6),
];
