import { execFileSync } from "node:child_process";
import { availableParallelism } from "node:os";

/** Asked before anything stays anywhere: later it is 1. */
const cores = availableParallelism();

/** Has this process, and what it starts from now on, run on one core; what is there already stays. Nothing where that cannot be. */
export function stayOn(core: number): void {
  if (cores < 2) return;
  try {
    execFileSync("taskset", ["-acp", String(core), String(process.pid)], { stdio: "ignore" });
  } catch {
    // Without util-linux the service and its load share the cores.
  }
}
