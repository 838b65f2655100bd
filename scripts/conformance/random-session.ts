import { deletion, insertion } from "../../src/ot/operation.ts";
import { Replica } from "../../src/ot/replica.ts";
import type { Trial } from "./rule.ts";
import { must, type WireClient } from "./wire-client.ts";

const clients = 4;
const edits = 25;

/** A small generator of its own (mulberry32): a run is the same everywhere. */
function randomOf(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

/** One writer: edits, sends every third submission twice, and applies what it is told. */
async function write(
  client: WireClient,
  replica: Replica,
  actor: number,
  random: (below: number) => number,
): Promise<void> {
  let left = edits;
  const send = (submission: ReturnType<Replica["pending"]>) => {
    if (!submission) return;
    const { seq, base, operation: op } = submission;
    client.send({ type: "submit", seq, base, op });
    if (random(3) === 0) client.send({ type: "submit", seq, base, op });
  };
  const edit = () => {
    left -= 1;
    const { length } = replica.text;
    const at = random(length + 1);
    const cuts = at < length && random(3) === 0;
    send(replica.edit(cuts ? deletion(at, 1) : insertion(at, String.fromCharCode(97 + random(26)))));
  };
  edit();
  while (left > 0 || replica.state.kind !== "synchronized") {
    const frame = await client.next();
    if (frame.type === "ack") {
      send(replica.acknowledge(frame.seq, replica.pending()?.seq === frame.seq ? frame.version : 0));
    } else if (frame.type === "operations") {
      for (const [index, item] of frame.items.entries()) {
        must(frame.from + index === replica.version + 1, `after version ${replica.version} came`, frame);
        must(item.actor !== actor, "an own operation came back:", frame);
        replica.receive(item.op);
      }
    } else {
      must(["actors", "presence", "check"].includes(frame.type), "unexpected:", frame);
    }
    if (left > 0) edit();
  }
}

/** Several clients that write at once; at the end all of them, and a newcomer, have one text. */
export async function converges(trial: Trial): Promise<void> {
  const document = await trial.document("The quick brown fox");
  const writers: { client: WireClient; replica: Replica; actor: number }[] = [];
  for (let n = 0; n < clients; n++) {
    const client = await trial.open(document);
    const { version, text, actor } = await client.hello();
    writers.push({ client, replica: new Replica({ version, text }), actor });
  }
  await Promise.all(
    writers.map(({ client, replica, actor }, n) => write(client, replica, actor, randomOf(n + 1))),
  );
  const { version, text } = await (await trial.open(document)).hello();
  for (const { client, replica } of writers) {
    for (const frame of await client.drain()) {
      if (frame.type === "operations") for (const item of frame.items) replica.receive(item.op);
    }
    must(
      replica.version === version,
      "a client ends at another version than a newcomer:",
      replica.version,
      version,
    );
    must(
      replica.text.toString() === text,
      "a client ends with another text than a newcomer:",
      replica.text.toString(),
      text,
    );
  }
}
