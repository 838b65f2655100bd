import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { inflateRawSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import type { Operation } from "../../src/ot/operation.ts";
import { redactedUnit } from "../../src/ot/redacted.ts";
import { Text } from "../../src/ot/text.ts";
import { limits } from "../../src/protocol/limits.ts";
import { checkIntegrity } from "../../src/room/integrity.ts";
import { MemoryOperationLog } from "../../src/room/memory-operation-log.ts";
import { planRedaction, pointAt } from "../../src/room/redaction.ts";
import { decodeSegment } from "../../src/room/segment.ts";
import { Random } from "../support/ot-random.ts";
import { lastByActorOf, randomLog } from "../support/random-log.ts";
import { type Frame, grantOf, newRoom, openRoomSocket } from "../support/socket.ts";

const filler = redactedUnit;
const author = { userId: "owner", kind: "program" } as const;

/** A text unit by unit, each with a name that nothing else has: what a redaction must find, found in another way. */
type NamedUnit = { unit: string; name: number };

function applyNamed(text: NamedUnit[], operation: Operation, next: () => number): NamedUnit[] {
  const after: NamedUnit[] = [];
  let at = 0;
  for (const part of operation) {
    if (typeof part === "string") {
      for (const unit of part.split("")) after.push({ unit, name: next() });
      continue;
    }
    if (part > 0) after.push(...text.slice(at, at + part));
    at += Math.abs(part);
  }
  return [...after, ...text.slice(at)];
}

describe("redaction", () => {
  it("replaces exactly the span, in every version that had it, and nothing else (30 seeded histories)", () => {
    let redacted = 0;
    for (let seed = 1; seed <= 30; seed++) {
      const random = new Random(seed);
      const { flushes, actors, texts } = randomLog(seed, 60);
      const newest = texts.length - 1;
      const log = new MemoryOperationLog();
      log.create(7);
      const snapshotAt = flushes[40]!;
      for (const [index, { from, at, entries }] of flushes.entries()) {
        log.append({
          from,
          entries,
          operationsJson: entries.map(({ operation }) => JSON.stringify(operation)),
          at,
          newActors: index === 0 ? actors : [],
          ...(flushes[index] === snapshotAt && {
            snapshot: {
              version: from + entries.length - 1,
              text: texts[from + entries.length - 1]!,
              lastByActor: lastByActorOf(flushes.slice(0, index + 1)),
            },
          }),
        });
      }
      if (seed % 2 === 0) log.retain({ operations: newest - 20, ageMs: null });
      log.upkeep(0);

      const version = log.horizon + random.int(newest - log.horizon + 1);
      const text = texts[version]!;
      const from = random.int(text.length + 1);
      const to = from + random.int(text.length - from + 1);
      const planned = planRedaction(log, { version: newest, text: texts[newest]! }, { version, from, to });
      if (!planned.ok) {
        expect(from === to || planned.code === "splits_surrogate", planned.code).toBe(true);
        continue;
      }
      redacted += 1;

      let names = 0;
      const named: NamedUnit[][] = [[]];
      for (const { operation } of flushes.flatMap(({ entries }) => entries)) {
        named.push(applyNamed(named.at(-1)!, operation, () => ++names));
      }
      const gone = new Set(named[version]!.slice(from, to).map(({ name }) => name));
      const wanted = named.map((units) =>
        units.map(({ unit, name }) => (gone.has(name) ? filler : unit)).join(""),
      );

      const { visible, rewriting } = planned.redaction;
      expect(planned.redaction.text, `seed ${seed}`).toBe(wanted[newest]);
      const screen = Text.from(texts[newest]!);
      for (const operation of visible) screen.apply(operation);
      expect(screen.toString()).toBe(wanted[newest]);
      log.rewrite({
        ...rewriting,
        points: [...rewriting.points, pointAt(newest, planned.redaction.text)],
        snapshot: { version: newest, text: planned.redaction.text, lastByActor: lastByActorOf(flushes) },
      });
      const replayed = Text.from(log.base().text);
      expect(replayed.toString()).toBe(wanted[log.horizon]);
      for (const [index, { operation }] of log.read(log.horizon, newest).entries()) {
        replayed.apply(operation);
        expect(replayed.toString()).toBe(wanted[log.horizon + index + 1]);
      }
      const check = checkIntegrity(log, { version: newest, text: wanted[newest]! });
      let step = check.next();
      while (!step.done) step = check.next();
      expect(step.value.faults).toEqual([]);
    }
    expect(redacted).toBeGreaterThan(15);
  });

  it("a secret that was typed, snapshot, sealed and deleted is nowhere in the storage; readers see filler, in step", async () => {
    const secret = "hunter2-correct-horse";
    const id = await newRoom("before ");
    const stub = env.ROOMS.getByName(id);
    const ann = await openRoomSocket(id, grantOf("ann"));
    const ben = await openRoomSocket(id, grantOf("ben"));
    await ann.ask({ type: "hello", client_id: "ann-1" });
    await ben.ask({ type: "hello", client_id: "ben-1" });
    const text = Text.from("before ");
    let seq = 0;
    const type = async (op: unknown[]) => {
      seq += 1;
      const [ack] = await answersOf(ann, { type: "submit", seq, base: seq, op }, "ack");
      expect(ack.version).toBe(seq + 1);
      text.apply(op as never as Operation);
    };
    for (const [index, character] of [...secret].entries()) await type([7 + index, character]);
    // A snapshot and segments that hold it.
    await type([7 + secret.length, " after".repeat(12_000)]);
    await stub.compact();
    await type([3, "!"]);
    expect(await storedText(id)).toContain(secret);
    await ben.drain();

    const redacted = await stub.redact({ span: { version: seq, from: 7, to: 7 + secret.length }, author });
    expect(redacted).toEqual({ ok: true, version: seq + 2 });
    const stored = await storedText(id);
    for (let from = 0; from + 6 <= secret.length; from++) {
      expect(stored).not.toContain(secret.slice(from, from + 6));
    }
    expect(stored).toContain(filler.repeat(secret.length));
    const read = await stub.read();
    expect(read).toMatchObject({ version: seq + 2 });
    const content = read.ok ? read.content : "";
    expect(content.startsWith(`bef!ore ${filler.repeat(secret.length)} after`)).toBe(true);

    // Who has it on the screen gets an operation like any other.
    const seen = (await ben.drain()).filter(({ type }) => type === "operations");
    expect(seen).toHaveLength(1);
    expect(seen[0].from).toBe(seq + 2);
    text.apply(seen[0].items[0].op);
    expect(text.toString()).toBe(content);
    // And who comes back with an old version is led to the same text by the history as it is now.
    const late = await openRoomSocket(id, grantOf("cem"));
    const welcome = await late.ask({ type: "hello", client_id: "cem-1", since: 1, last_seq: 0 });
    const replayed = Text.from("before ");
    for (const { op } of welcome.operations.items) replayed.apply(op);
    expect(replayed.toString()).toBe(content);
    expect(JSON.stringify(welcome)).not.toContain(secret.slice(0, 6));
    // RM-3: what was acknowledged before keeps its version.
    expect(
      (await answersOf(ann, { type: "submit", seq: 2, base: 2, op: [8, secret[1]] }, "ack"))[0].version,
    ).toBe(3);

    expect(await stub.checkIntegrity()).toMatchObject({ report: { faults: [], version: seq + 2 } });
    const again = await stub.redact({ span: { version: seq, from: 7, to: 7 + secret.length }, author });
    expect(again).toEqual({ ok: true, version: seq + 2 });
  });

  it("refuses a span that is not there, is empty, tears a pair, or lies before the horizon", async () => {
    const stub = env.ROOMS.getByName(await newRoom("a\u{1f600}b"));
    const redact = async (version: number, from: number, to: number) => {
      const result = await stub.redact({ span: { version, from, to }, author });
      return result.ok ? "ok" : result.code;
    };
    expect(await redact(2, 0, 1)).toBe("base_ahead");
    expect(await redact(1, 3, 5)).toBe("out_of_range");
    expect(await redact(1, 1, 1)).toBe("out_of_range");
    expect(await redact(1, 2, 3)).toBe("splits_surrogate");
    expect(await redact(0, 0, 1)).toBe("out_of_range");
    await stub.retain({ operations: 0, ageMs: null });
    await stub.compact();
    expect(await redact(0, 0, 1)).toBe("too_old");
    expect(await redact(1, 1, 3)).toBe("ok");
    expect(await stub.read()).toMatchObject({ content: `a${filler}${filler}b` });
    const gone = env.ROOMS.getByName(crypto.randomUUID());
    expect(await gone.redact({ span: { version: 0, from: 0, to: 1 }, author })).toMatchObject({
      code: "not_found",
    });
  });

  it("a long span, in a text that could not be longer, takes operations no larger than a client's", async () => {
    // Pairs, at odd places: none may be cut.
    const text = `x${"\u{1f600}".repeat(limits.textUnits / 2 - 1)}y`;
    const id = await newRoom(text);
    const stub = env.ROOMS.getByName(id);
    const read = await stub.read();
    const version = read.ok ? read.version : 0;
    const ann = await openRoomSocket(id, grantOf("ann"));
    await ann.ask({ type: "hello", client_id: "ann-1" });
    const redacted = await stub.redact({ span: { version, from: 0, to: text.length - 1 }, author });
    expect(redacted).toMatchObject({ ok: true });
    const after = await stub.read();
    expect(after.ok && after.content === `${filler.repeat(text.length - 1)}y`).toBe(true);
    const items = (await ann.drain()).flatMap((frame) => (frame.type === "operations" ? frame.items : []));
    expect(items.length).toBeGreaterThan(30);
    for (const { op } of items) {
      const inserted = op.filter((part: unknown) => typeof part === "string").join("");
      expect(inserted.length).toBeLessThanOrEqual(limits.insertUnits);
    }
    expect(await stub.checkIntegrity()).toMatchObject({ report: { faults: [] } });
  });

  it("two at once both succeed", async () => {
    const id = await newRoom("one secret and another secret");
    const stub = env.ROOMS.getByName(id);
    const redact = (from: number) => stub.redact({ span: { version: 1, from, to: from + 6 }, author });
    expect(await Promise.all([redact(4), redact(23)])).toMatchObject([{ ok: true }, { ok: true }]);
    const hidden = filler.repeat(6);
    expect(await stub.read()).toMatchObject({ content: `one ${hidden} and another ${hidden}` });
    const zeros = await runInDurableObject(stub, (_room, { storage: { sql } }) =>
      sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'zeros'").toArray(),
    );
    expect(zeros).toEqual([]);
  });
});

/** Everything in the room's tables, what is compressed inflated. */
async function storedText(id: string): Promise<string> {
  return runInDurableObject(env.ROOMS.getByName(id), (_room, { storage: { sql } }) => {
    const found: string[] = [];
    const tables = sql.exec<{ name: string }>(
      "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '%\\_cf%' ESCAPE '\\'",
    );
    for (const { name } of tables.toArray()) {
      for (const row of sql.exec(`SELECT * FROM ${name}`).toArray()) {
        for (const [column, value] of Object.entries(row)) {
          if (column === "chunk_hashes") continue;
          if (!(value instanceof ArrayBuffer)) found.push(String(value));
          else if (name === "segments") {
            const operations = decodeSegment(new Uint8Array(value)).flatMap(({ entries }) => entries);
            // Characters typed one by one stand together in the segment's text.
            found.push(
              operations
                .flatMap(({ operation }) => operation.filter((part) => typeof part === "string"))
                .join(""),
            );
          } else found.push(inflateRawSync(new Uint8Array(value).subarray(4)).toString());
        }
      }
    }
    return found.join("\n");
  });
}

async function answersOf(
  socket: Awaited<ReturnType<typeof openRoomSocket>>,
  frame: object,
  type: string,
): Promise<Frame[]> {
  socket.send(frame);
  for (;;) {
    const answer = await socket.next();
    if (answer.type === type) return [answer];
    if (answer.type === "error") throw new Error(JSON.stringify(answer));
  }
}
