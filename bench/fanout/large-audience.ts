// `node bench/fanout/large-audience.ts [viewers] [seconds] [fanoutViewers] [fanoutChildren]`: viewers on one document and one
// writer, over real sockets to a real workerd on this machine; with smaller fan-outs than those of the service, a deeper tree.
// Prints what docs/scaling.md reckons with.
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { Text } from "../../src/ot/text.ts";
import { limits } from "../../src/protocol/limits.ts";
import type { ServerFrame } from "../../src/protocol/server-frames.ts";
import { startServer } from "../../test/support/server.ts";
import { serverCpu } from "../../test/support/server-cpu.ts";

const viewers = Number(process.argv[2] ?? 2_000);
const seconds = Number(process.argv[3] ?? 10);
const tree = {
  fanoutViewers: Number(process.argv[4] ?? limits.fanoutViewers),
  fanoutChildren: Number(process.argv[5] ?? limits.fanoutChildren),
};
const editsPerSecond = 5;

/** Of what a room tells of itself. */
type Stats = Record<"sockets" | "framesOut" | "rowsWritten", number>;

const server = await startServer({ main: "bench/fanout/large-audience-worker.ts" });
try {
  const id = randomUUID();
  await fetch(`${server.url}/create/${id}`, { method: "POST", body: JSON.stringify(tree) });
  const open = async (user: string, receive: (frame: ServerFrame) => void): Promise<WebSocket> => {
    const socket = new WebSocket(`${server.url.replace("http", "ws")}/ws/${id}/${user}`);
    await new Promise<void>((resolve, reject) => {
      socket.addEventListener("error", () => reject(new Error(`${user} could not connect`)));
      socket.addEventListener("open", () =>
        socket.send(JSON.stringify({ type: "hello", client_id: `${user}-1` })),
      );
      socket.addEventListener("message", ({ data }) => {
        const frame = JSON.parse(data);
        receive(frame);
        if (frame.type === "welcome") resolve();
      });
    });
    return socket;
  };

  const sentAt: number[] = [];
  const latencies: number[] = [];
  let frames = 0;
  let unordered = 0;
  const copies = Array.from({ length: viewers }, () => ({ version: 0, text: Text.from("") }));
  const began = performance.now();
  for (let first = 0; first < viewers; first += 50) {
    await Promise.all(
      copies.slice(first, first + 50).map((copy, index) =>
        open(`viewer-${first + index}`, (frame) => {
          if (frame.type === "welcome") {
            copy.version = frame.version;
            copy.text = Text.from(frame.text ?? "");
          } else if (frame.type === "operations") {
            frames += 1;
            if (frame.from !== copy.version + 1) unordered += 1;
            for (const { op } of frame.items) {
              copy.text.apply(op);
              copy.version += 1;
              latencies.push(performance.now() - sentAt[copy.version]!);
            }
          }
        }),
      ),
    );
  }
  const joined = performance.now() - began;

  let version = 1;
  const writer = await open("writer", () => {});
  const shards = 2 * Math.ceil(Math.max(0, viewers - limits.directViewers) / tree.fanoutViewers);
  const stats = async () =>
    (await fetch(`${server.url}/stats/${id}/${shards}`)).json() as Promise<{
      room: Stats;
      shards: Stats[];
    }>;
  const before = { stats: await stats(), cpu: serverCpu() };
  for (let edit = 0; edit < seconds * editsPerSecond; edit++) {
    sentAt[version + 1] = performance.now();
    writer.send(JSON.stringify({ type: "submit", seq: version, base: version, op: ["a"] }));
    version += 1;
    await sleep(1_000 / editsPerSecond);
  }
  const deadline = performance.now() + 60_000;
  while (copies.some((copy) => copy.version < version) && performance.now() < deadline) await sleep(50);
  const after = { stats: await stats(), cpu: serverCpu() };
  const { content } = (await (await fetch(`${server.url}/text/${id}`)).json()) as { content: string };
  const converged = copies.filter((copy) => copy.text.toString() === content).length;

  latencies.sort((a, b) => a - b);
  const at = (part: number) => latencies[Math.floor(latencies.length * part)]?.toFixed(0);
  const used = (name: keyof Stats) => after.stats.room[name] - before.stats.room[name];
  process.stdout.write(
    `${JSON.stringify(
      {
        viewers,
        converged,
        unordered,
        joinsPerSecond: Math.round((viewers / joined) * 1_000),
        edits: version - 1,
        latencyMs: { p50: at(0.5), p99: at(0.99), most: at(0.99999) },
        deliveries: frames,
        serverCpuMicrosPerDelivery: Math.round(((after.cpu - before.cpu) / frames) * 1e6),
        room: {
          sockets: after.stats.room.sockets,
          framesOut: used("framesOut"),
          rowsWritten: used("rowsWritten"),
        },
        shards: after.stats.shards.map(({ sockets }) => sockets),
      },
      null,
      1,
    )}\n`,
  );
} finally {
  await server.stop();
}
process.exit();
