import { readdirSync, readFileSync } from "node:fs";

/** CPU seconds of every process below this one. */
export function serverCpu(): number {
  const processes = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]!.split(" ");
        return [
          { pid: Number(pid), parent: Number(fields[1]), ticks: Number(fields[11]) + Number(fields[12]) },
        ];
      } catch {
        return [];
      }
    });
  const below = new Set([process.pid]);
  let ticks = 0;
  for (let size = 0; size !== below.size; ) {
    size = below.size;
    for (const { pid, parent } of processes) if (below.has(parent)) below.add(pid);
  }
  for (const { pid, ticks: own } of processes) if (below.has(pid) && pid !== process.pid) ticks += own;
  return ticks / 100;
}
