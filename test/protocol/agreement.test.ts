import { describe, expect, it } from "vitest";
import type { z } from "zod";
import protocol from "../../docs/protocol.md?raw";
import { hostileFrames, hostileShortFrames } from "../../scripts/conformance/hostile-frames.ts";
import { decodeClientFrame } from "../../src/protocol/client-frames.ts";
import { clientFrames } from "../../src/protocol/frame-schemas.ts";
import { limits } from "../../src/protocol/limits.ts";
import { Random } from "../support/ot-random.ts";
import { readServerMessage } from "../support/server-message.ts";
import { transcriptsOf } from "../support/transcripts.ts";

type Reading = keyof typeof clientFrames | "unknown" | "refused";

/** What the decoder calls the frame of a schema: the short form is read as what it stands for. */
const readAs = (name: Reading): Reading => (name === "short_submit" ? "submit" : name);

function accepts(schema: z.ZodType, frame: unknown): boolean {
  try {
    return schema.safeParse(frame).success;
  } catch {
    // zod measures whatever has a `length`, and {"length": {"valueOf": 1}} cannot be compared.
    return false;
  }
}

/** What the schemas take a message of a client for. */
function bySchema(message: string): Reading {
  if (message.length > limits.frameUnits) return "refused";
  let frame: unknown;
  try {
    frame = JSON.parse(message);
  } catch {
    return "refused";
  }
  for (const [name, schema] of Object.entries(clientFrames)) {
    if (accepts(schema, frame)) return readAs(name as Reading);
  }
  const type =
    typeof frame === "object" && frame !== null && !Array.isArray(frame) && "type" in frame && frame.type;
  return typeof type === "string" && !Object.hasOwn(clientFrames, type) ? "unknown" : "refused";
}

const expectAgreement = (message: string, what: string): Reading => {
  const { type } = decodeClientFrame(message);
  const schema = bySchema(message);
  if (type !== schema) {
    expect.fail(`${what}: the decoder says ${type}, the schemas say ${schema}: ${message.slice(0, 1_000)}`);
  }
  return type;
};

// ── Generated frames ─────────────────────────────────────────────────────────────────────────────────────────────

const texts = [
  "x",
  "",
  "hello",
  "é",
  "😀",
  "\ud800",
  "a\udc00",
  "\0",
  "ann-1",
  "a b",
  "insert",
  "DELETE",
  "replace",
  "submit",
];
const numbers = [0, -0, 1, 2, 7, -1, -3, 0.5, 2 ** 31, 2 ** 53 - 1, 2 ** 53, -(2 ** 53), 1e21];
const names = [
  "type",
  "client_id",
  "since",
  "last_seq",
  "seq",
  "base",
  "op",
  "op_type",
  "position",
  "content",
  "length",
].concat([
  "user_id",
  "base_version",
  "version",
  "selections",
  "color",
  "token",
  "hash",
  "epoch",
  "short",
  "submit",
  "__proto__",
  "constructor",
  "toString",
]);

function anything(random: Random, depth = 0): unknown {
  switch (random.int(depth > 2 ? 4 : 6)) {
    case 0:
      return random.pick(numbers);
    case 1:
      return random.pick(texts);
    case 2:
      return random.pick([null, true, false]);
    case 3:
      return random.int(20);
    case 4:
      return Array.from({ length: random.int(4) }, () => anything(random, depth + 1));
    default:
      return Object.fromEntries(
        Array.from({ length: random.int(3) }, () => [random.pick(names), anything(random, depth + 1)]),
      );
  }
}

const operation = (random: Random): unknown[] =>
  Array.from({ length: random.int(6) }, (_, index) =>
    random.chance(0.9)
      ? random.pick(
          [[1 + random.int(9)], ["x", "é😀"], [-1 - random.int(9)]][(index + random.int(2)) % 3] as unknown[],
        )
      : anything(random),
  );

/** Frames that are right, or nearly. One for each schema. */
const made: Record<keyof typeof clientFrames, (random: Random) => Record<string, unknown>> = {
  hello: (random) => ({
    type: "hello",
    client_id: random.pick(["ann-1", "x".repeat(64), "x".repeat(65), "a.b:c_d-e", "a b"]),
    ...(random.chance(0.5) && { since: random.int(9) }),
    ...(random.chance(0.5) && { last_seq: random.int(9) }),
    ...(random.chance(0.5) && {
      short: random.pick([true, false, ...(random.chance(0.1) ? [1, "x", null] : [])]),
    }),
  }),
  submit: (random) => ({ type: "submit", seq: random.int(9), base: random.int(9), op: operation(random) }),
  short_submit: (random) => ({
    submit: [
      random.int(9),
      random.int(9),
      operation(random),
      ...(random.chance(0.1) ? [anything(random)] : []),
    ].slice(0, random.chance(0.9) ? 4 : random.int(4)),
  }),
  presence: (random) => ({
    type: "presence",
    version: random.int(9),
    selections: random.pick([
      null,
      [],
      [[0, 0]],
      [
        [1, 2],
        [3, random.pick(numbers)],
      ],
      Array(15 + random.int(3)).fill([0, 1]),
    ]),
    ...(random.chance(0.5) && {
      color: random.pick(["#a1b2c3", "#A1B2C3", "#a1b2c", "#a1b2c3d", "red", null]),
    }),
  }),
  auth: (random) => ({ type: "auth", token: random.pick([...texts, "x".repeat(4_096), "x".repeat(4_097)]) }),
  report: (random) => ({
    type: "report",
    version: random.int(9),
    operations: random.pick([[], [{ op: [1] }], [null, 1, "x"], Array(255 + random.int(3)).fill(0)]),
    ...(random.chance(0.5) && { hash: random.pick(numbers) }),
    ...(random.chance(0.5) && { expected: random.int(9) }),
  }),
  seed: (random) => ({
    op_type: random.pick(["insert", "Insert", "INSERT", "delete", "Delete", "replace", "rePlace", "turn"]),
    position: random.int(9),
    ...(random.chance(0.7) && { content: random.pick(texts) }),
    ...(random.chance(0.7) && { length: random.int(9) }),
    ...(random.chance(0.3) && { user_id: random.pick(["ann", "", null]) }),
    ...(random.chance(0.3) && { base_version: random.pick([0, 5, null]) }),
  }),
};

/** Sometimes another value, a field more or less, or a character changed. */
function mutated(random: Random, frame: Record<string, unknown>): string {
  const fields = Object.entries(frame);
  if (random.chance(0.3)) fields.splice(random.int(fields.length), 1);
  if (random.chance(0.3)) fields.push([random.pick(names), anything(random)]);
  for (const field of fields) if (random.chance(0.1)) field[1] = anything(random);
  let json = `{${fields.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join(",")}}`;
  while (random.chance(0.15)) {
    const at = random.int(json.length);
    const change = random.pick([
      "",
      "0",
      "-",
      ".",
      "e9",
      '"',
      "{",
      "}",
      "[",
      "]",
      ",",
      "\\",
      "\ufeff",
      "null",
      '"a":1,',
    ]);
    json = json.slice(0, at) + change + json.slice(at + random.int(2));
  }
  return json;
}

describe("OT-5: the decoder accepts exactly what the schemas accept", () => {
  const lines = transcriptsOf(protocol).flatMap((transcript) => transcript.lines);

  it("in the conversations of docs/protocol.md, where every message of the server is by its schema", () => {
    const seen = new Set<Reading>();
    for (const { arrow, frame } of lines) {
      if (arrow === "→") seen.add(expectAgreement(frame, "docs/protocol.md"));
      else if (arrow === "←" && frame.startsWith("{")) readServerMessage(frame);
    }
    for (const name of Object.keys(clientFrames) as Reading[])
      expect(seen, `docs/protocol.md shows ${name}`).toContain(readAs(name));
  });

  it("in the hostile corpus", () => {
    for (const { name, frame } of [...hostileFrames, ...hostileShortFrames])
      if (typeof frame === "string") expectAgreement(frame, name);
  });

  for (const name of Object.keys(made) as (keyof typeof clientFrames)[]) {
    it(`in 10,000 frames like ${name}, whole and mutated`, () => {
      const seed = 20_261_122;
      const random = new Random(seed);
      const readings: Partial<Record<Reading, number>> = {};
      for (let round = 0; round < 10_000; round++) {
        const frame = made[name](random);
        const reading = expectAgreement(mutated(random, frame), `seed ${seed}, round ${round}`);
        readings[reading] = (readings[reading] ?? 0) + 1;
      }
      // Neither side is hollow: a tenth at least is accepted, and a tenth refused.
      expect(readings[readAs(name)]).toBeGreaterThan(1_000);
      expect(readings.refused).toBeGreaterThan(1_000);
    });
  }
});
