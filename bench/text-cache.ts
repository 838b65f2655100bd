// How long it takes to read a document's newest text: from its room, or from what the isolate holds after the room confirmed it.
//
//   node bench/text-cache.ts        all in one run, in turns; the ratios are what counts: the room is in the same process here, and
//                                   on Cloudflare elsewhere.
import { randomUUID } from "node:crypto";
import { startServer } from "../test/support/server.ts";
import { median } from "./median.ts";

const rounds = 9;
const server = await startServer({ main: "bench/text-cache-worker.ts" });
try {
  const ways = (await (await fetch(server.url)).json()) as string[];
  for (const [what, text] of [
    ["1 KB", "x".repeat(1_000)],
    ["100 KB", "x".repeat(100_000)],
    ["1 MB", "x".repeat(1_000_000)],
    ["1 MB that is not Latin", "ж".repeat(500_000)],
  ] as const) {
    const id = randomUUID();
    const made = await fetch(`${server.url}/${id}`, { method: "PUT", body: text });
    if (!made.ok) throw new Error(await made.text());
    const times = new Map(ways.map((way) => [way, [] as number[]]));
    for (let round = 0; round < rounds; round++) {
      for (const way of ways) {
        const query = new URLSearchParams({ from: way, times: "20" });
        const answer = await fetch(`${server.url}/${id}?${query}`);
        const { ms, units } = (await answer.json()) as { ms: number; units: number };
        if (units !== text.length) throw new Error(`${way} gave ${units} units of ${text.length}`);
        times.get(way)?.push(ms);
      }
    }
    const room = median(times.get("the room") ?? []);
    for (const [way, taken] of times) {
      const ms = median(taken);
      process.stdout.write(
        `${what} from ${way}: ${ms.toFixed(2)} ms, ${(room / ms).toFixed(1)} × as fast as the room\n`,
      );
    }
  }
} finally {
  await server.stop();
}
