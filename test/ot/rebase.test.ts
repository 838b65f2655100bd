import { expect, it } from "vitest";
import { insertion, type Operation, replacement } from "../../src/ot/operation.ts";
import { type OwnSubmission, Replica } from "../../src/ot/replica.ts";
import { Text } from "../../src/ot/text.ts";
import { transform } from "../../src/ot/transform.ts";
import { apply, op } from "../support/ot-notation.ts";
import { fuzz, type Random, randomOperation, randomPoints } from "../support/ot-random.ts";

const seed = 20_261_125;

it("rebase: what is in flight goes out anew at the newest version, with the buffer, under the same seq", () => {
  const own = new Replica({ version: 3, text: "abc", clientSeq: 6 });
  own.edit(insertion(3, "!"));
  own.edit(insertion(4, "?"));
  own.receive(insertion(0, ">"));
  expect(own.rebase(7)).toEqual({ seq: 7, base: 4, operation: [4, "!?"] });
  expect([own.text.toString(), own.version, own.state.kind]).toEqual([">abc!?", 4, "awaiting"]);
  expect(own.acknowledge(7, 5)).toBeNull();
  own.undo();
  expect(own.text.toString()).toBe(">abc");
});

it("rebase: under the seq after another one, where the client is to count anew", () => {
  const own = new Replica({ version: 3, text: "abc", clientSeq: 6 });
  own.edit(insertion(3, "!"));
  expect(own.rebase(7, 0)).toEqual({ seq: 1, base: 3, operation: [3, "!"] });
});

it("rebase: does nothing for a seq that is not in flight, sends nothing where nothing is left", () => {
  const own = new Replica({ version: 3, text: "abc" });
  expect(own.rebase(1)).toBeNull();
  own.edit(op(-3));
  expect(own.rebase(2)).toBeNull();
  expect(own.pending()).toEqual({ seq: 1, base: 3, operation: [-3] });
  own.receive(op(-3));
  expect(own.rebase(1)).toBeNull();
  expect([own.state.kind, own.seq]).toEqual(["synchronized", 0]);
});

/** The server's side of one client: what it accepts, and the text that comes of it. */
function accept(server: { text: Text; version: number }, operation: Operation): void {
  server.text.apply(operation);
  server.version += 1;
}

it("rebase: at any moment, any number of times, the text stays, and ends as the server's", () => {
  fuzz(1_000, seed, (random, alphabet) => {
    const start = randomPoints(random, alphabet, 20);
    const server = { text: Text.from(start.join("")), version: 0 };
    const own = new Replica({ version: 0, text: start.join("") });
    let points: readonly string[] = start;
    for (let step = 0; step < 12; step++) {
      if (random.chance(0.5)) {
        points = [...own.text.toString()];
        own.edit(randomOperation(random, alphabet, points).operation);
      } else {
        const others = randomOperation(random, alphabet, [...server.text.toString()]).operation;
        accept(server, others);
        own.receive(others);
      }
      const pending = own.pending();
      const before = own.text.toString();
      if (!pending || random.chance(0.6)) continue;
      const next = own.rebase(pending.seq);
      if (own.text.toString() !== before) expect.unreachable("the text changed");
      if (next && (next.seq !== pending.seq || next.base !== server.version))
        expect.unreachable(JSON.stringify(next));
    }
    for (let pending = own.pending(); pending; pending = own.pending()) {
      // Nothing came since: what it was made on is what the server has, or a rebase makes it so.
      const sent: OwnSubmission | null = own.rebase(pending.seq);
      if (!sent) break;
      accept(server, sent.operation);
      own.acknowledge(sent.seq, server.version);
    }
    if (own.text.toString() !== server.text.toString()) expect.unreachable("another text");
  });
});

// ── Merging what is larger than one submission may be ────────────────────────────────────────────────────────────

const limits = { insertUnits: 8, parts: 5 };

/** Edits here and there, so that they come to many parts. */
function scatter(random: Random, own: Replica, character: () => string): void {
  for (let edits = 6 + random.int(6); edits > 0; edits--) {
    const { length } = own.text;
    const from = random.int(length + 1);
    const inserted = Array.from({ length: random.int(20) }, character).join("");
    own.edit(replacement(from, Math.min(random.int(3), length - from), inserted));
  }
}

it("FL-4, OT-7: a merge of more than one submission holds goes out in several within the limits, while others type", () => {
  let submissions = 0;
  fuzz(400, seed + 1, (random) => {
    const base = "some words. other words\nand a line\n";
    const own = new Replica({ version: 0, text: base });
    own.limits = limits;
    let last = 0x4e00;
    scatter(random, own, () => String.fromCharCode(last++));
    const typed = [...own.text.toString()].filter((character) => character >= "\u4e00");
    const text = apply(base, replacement(random.int(20), random.int(14), "XYZ"));
    const merge = own.merge({ text, version: 40, lastSeq: 0 });
    const server = { text: Text.from(text), version: 40 };
    for (let next = merge.next; next; ) {
      submissions += 1;
      const { operation } = next;
      const inserted = operation.reduce<number>(
        (sum, part) => sum + (typeof part === "string" ? part.length : 0),
        0,
      );
      if (inserted > limits.insertUnits || operation.length > limits.parts)
        expect.unreachable(`too large: ${JSON.stringify(operation)}`);
      let accepted: Operation = operation;
      if (random.chance(0.3)) {
        const others = insertion(random.int(server.text.length + 1), "o");
        accept(server, others);
        own.receive(others);
        accepted = transform(operation, others, "later");
      }
      accept(server, accepted);
      next = own.acknowledge(next.seq, server.version);
    }
    const merged = server.text.toString();
    if (own.text.toString() !== merged || own.state.kind !== "synchronized")
      expect.unreachable("another text");
    const found = merged + merge.rescued.map((piece) => piece.text).join("");
    for (const character of typed)
      if (found.split(character).length !== 2) expect.unreachable(`${character} in ${found}`);
  });
  expect(submissions).toBeGreaterThan(5_000);
});
