// What questions about a long history take, of a room in workerd on SQLite: the first time, again, and how long others wait meanwhile.
//
//   node bench/history-growth.ts [OPERATIONS…]        default: 10,000 100,000 1,000,000
import { randomUUID } from "node:crypto";
import { startServer } from "../test/support/server.ts";
import { serverCpu } from "../test/support/server-cpu.ts";

const sizes = process.argv.slice(2).map(Number);
const server = await startServer({ main: "bench/history-growth-worker.ts" });
try {
  for (const operations of sizes.length > 0 ? sizes : [10_000, 100_000, 1_000_000]) {
    const id = randomUUID();
    const ask = async (what: string, of: number) =>
      (await fetch(`${server.url}/${id}/${encodeURIComponent(what)}?of=${of}`)).json();
    const began = performance.now();
    const { databaseBytes } = (await ask("type", operations)) as { databaseBytes: number };
    const seconds = ((performance.now() - began) / 1_000).toFixed(1);
    process.stdout.write(`${operations} operations: written in ${seconds} s, ${databaseBytes} bytes\n`);
    for (const [what, of] of [
      ["load", 0],
      ["welcome", 0],
      ["welcome since", operations - 100],
      ["operations", operations - 1_000],
      ["operations", 1_000],
      ["history", operations],
      ["history", operations / 2],
      ["text at version", operations - 500],
      ["text at version", operations / 2],
      ["text at version", 500],
      ["diff", operations / 4],
      ["blame", 0],
      ["export", 0],
    ] as const) {
      const asked = [];
      const cpu = [serverCpu()];
      for (let time = 0; time < 3; time++) {
        asked.push((await ask(what, of)) as { ms: number; longest: number; calls: number });
        cpu.push(serverCpu());
      }
      const [first, ...again] = asked.map(({ ms }) => ms.toFixed(0));
      const longest = Math.max(...asked.map((each) => each.longest)).toFixed(0);
      const used = cpu.slice(1).map((seconds, index) => ((seconds - (cpu[index] ?? 0)) * 1_000).toFixed(0));
      const calls = asked.map((each) => each.calls).join(", ");
      process.stdout.write(
        `  ${what}${of ? ` ${of}` : ""}: ${first} ms, again ${again.join(", ")} ms; others waited ${longest} ms at most; CPU ${used.join(", ")} ms; calls ${calls}\n`,
      );
    }
  }
} finally {
  await server.stop();
}
