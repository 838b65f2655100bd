import { expect, it } from "vitest";
import { type Accepted, Authority } from "../../src/ot/authority.ts";
import {
  deletion,
  insertion,
  type Operation,
  OperationBuilder,
  replacement,
} from "../../src/ot/operation.ts";
import { type OwnSubmission, Replica } from "../../src/ot/replica.ts";
import { Text } from "../../src/ot/text.ts";
import { undoLimits } from "../../src/ot/undo-history.ts";
import { apply } from "../support/ot-notation.ts";
import { fuzz, type Random, randomOperation } from "../support/ot-random.ts";

const seed = 20_261_123;

function replica(text: string): Replica {
  return new Replica({ version: 0, text });
}

/** Edits, each a group of its own. */
function typed(own: Replica, ...operations: Operation[]): Replica {
  for (const operation of operations) {
    own.closeUndoGroup();
    own.edit(operation);
  }
  return own;
}

it("takes back group by group, and does it again", () => {
  const own = replica("world");
  own.edit(insertion(0, "hello"));
  own.edit(insertion(5, " "));
  typed(own, deletion(6, 5), insertion(6, "you"));
  const texts = [own.text.toString()];
  while (own.undo()) texts.push(own.text.toString());
  expect(texts).toEqual(["hello you", "hello ", "hello world", "world"]);
  expect([own.canUndo, own.canRedo]).toEqual([false, true]);
  while (own.redo()) texts.push(own.text.toString());
  expect(texts.slice(4)).toEqual(["hello world", "hello ", "hello you"]);
});

it("a new edit forgets what was undone", () => {
  const own = typed(replica(""), insertion(0, "a"), insertion(1, "b"));
  own.undo();
  typed(own, insertion(1, "c"));
  expect([own.redo(), own.text.toString()]).toEqual([null, "ac"]);
  own.undo();
  own.undo();
  expect(own.text.toString()).toBe("");
});

it.each<[string, string, Operation[], Operation, string]>([
  ["an insert into one's own insert stays", "", [insertion(0, "ab")], insertion(1, "X"), "X"],
  [
    "what another deleted of one's own insert is not deleted again",
    "",
    [insertion(0, "abc")],
    deletion(1, 1),
    "",
  ],
  [
    "a deletion comes back around what another put there",
    "abcd",
    [deletion(1, 2)],
    insertion(0, "X"),
    "Xabcd",
  ],
  ["a word that another replaced stays replaced", "abc", [insertion(0, "x")], replacement(1, 3, "Y"), "Y"],
])("OT-6: %s", (_, text, own, other, expected) => {
  const subject = typed(replica(text), ...own);
  subject.acknowledge(1, 1);
  subject.receive(other);
  subject.undo();
  expect(subject.text.toString()).toBe(expected);
});

it("OT-6: what another deleted at the same time does not come back, though one had deleted it too", () => {
  for (const behind of [false, true]) {
    const own = replica("abcd");
    if (behind) typed(own, insertion(4, "!"));
    typed(own, deletion(0, 3));
    own.receive(deletion(1, 1));
    own.undo();
    expect(own.text.toString()).toBe(behind ? "acd!" : "acd");
  }
});

it("OT-6: passes over a group of which others have left nothing", () => {
  const own = typed(replica(""), insertion(0, "a"));
  own.acknowledge(1, 1);
  typed(own, insertion(1, "b"));
  own.acknowledge(2, 2);
  own.receive(deletion(1, 1));
  own.undo();
  expect(own.text.toString()).toBe("");
  expect(own.undo()).toBeNull();
});

it("a refused edit cannot be taken back, and what it had deleted is not restored twice", () => {
  const own = typed(replica("abc"), replacement(0, 1, "refused"), deletion(8, 1));
  own.reject(1);
  expect(own.text.toString()).toBe("ab");
  own.undo();
  own.undo();
  expect(own.text.toString()).toBe("abc");
});

it("forgets the oldest groups past the depth, and keeps no more runs than it may", () => {
  const own = replica("");
  for (let n = 0; n < undoLimits.groups + 5; n++) typed(own, insertion(n, "x"));
  while (own.undo());
  expect(own.text.toString()).toBe("xxxxx");

  const many = replica("ab".repeat(undoLimits.runs));
  const everySecond = new OperationBuilder();
  for (let n = 0; n < undoLimits.runs; n++) everySecond.retain(1).delete(1);
  typed(many, everySecond.build(), insertion(0, "x"));
  many.undo();
  expect([many.undo(), many.text.length]).toEqual([null, undoLimits.runs]);
});

it("OT-6: undo of all own edits gives the texts before, redo of all those after, where nobody else edits", () => {
  fuzz(1_500, seed, (random, alphabet) => {
    const own = replica(randomOperation(random, alphabet, []).after.join(""));
    const texts = [own.text.toString()];
    let version = 0;
    const settle = () => {
      for (let pending = own.pending(); pending && random.chance(0.4); pending = own.pending()) {
        own.acknowledge(pending.seq, ++version);
      }
    };
    for (let edits = 1 + random.int(12); edits > 0; edits--) {
      if (random.chance(0.5)) own.closeUndoGroup();
      const { operation } = randomOperation(random, alphabet, [...own.text.toString()]);
      own.edit(operation);
      texts.push(own.text.toString());
      settle();
    }
    const back: string[] = [];
    const forth: string[] = [];
    for (let rounds = 0; rounds < 2; rounds++) {
      for (back.length = 0; own.undo(); settle()) back.push(own.text.toString());
      if (own.text.toString() !== texts[0]) expect.unreachable(`undone to ${own.text}, from ${texts[0]}`);
      for (forth.length = 0; own.redo(); settle()) forth.push(own.text.toString());
      if (own.text.toString() !== texts.at(-1)) expect.unreachable(`redone to ${own.text}`);
    }
    // What undo passes through is what redo passes through, and nothing that never was.
    expect(back.slice(0, -1).reverse()).toEqual(forth.slice(0, -1));
    for (const text of back) expect(texts).toContain(text);
  });
});

/** Every character that is typed is another one, so that a character is known wherever it turns up. */
class Writer {
  readonly actor: number;
  readonly replica: Replica;
  readonly typed = new Set<string>();
  readonly deleted = new Set<string>();
  /** What the operations of others have taken out of the text. */
  readonly gone = new Set<string>();
  /** What the operations of others have put into it. */
  readonly inserted = new Set<string>();
  seen = 0;
  outbox: OwnSubmission | null = null;

  constructor(actor: number, text: string) {
    this.actor = actor;
    this.replica = replica(text);
  }

  edit(random: Random, fresh: () => string): void {
    if (random.chance(0.6)) this.replica.closeUndoGroup();
    const { length } = this.replica.text;
    const from = random.int(length + 1);
    const inserted = Array.from({ length: random.int(4) }, fresh).join("");
    const operation = replacement(from, Math.min(length - from, random.int(4)), inserted);
    const change = this.changeOf(operation);
    for (const character of change.inserted) this.typed.add(character);
    for (const character of change.deleted) this.deleted.add(character);
    this.outbox = this.replica.edit(operation) ?? this.outbox;
  }

  undoOrRedo(isUndo: boolean): void {
    const before = this.replica.text.toString();
    const taken = isUndo ? this.replica.undo() : this.replica.redo();
    if (!taken) return;
    this.outbox = taken.next ?? this.outbox;
    const { inserted, deleted } = changeOf(before, taken.operation);
    for (const character of deleted) {
      const isOwn = isUndo ? this.typed.has(character) : this.deleted.has(character);
      if (!isOwn) expect.unreachable(`deletes ${character} of another`);
    }
    for (const character of inserted) {
      const isOwn = isUndo ? this.deleted.has(character) : this.typed.has(character);
      if (!isOwn || this.gone.has(character))
        expect.unreachable(`restores ${character} that another deleted`);
    }
  }

  changeOf(operation: Operation) {
    return changeOf(this.replica.text.toString(), operation);
  }

  /** Takes in the next accepted operation; false if there is none. */
  receive(log: readonly Accepted[]): boolean {
    const accepted = log[this.seen];
    if (!accepted) return false;
    this.seen += 1;
    if (accepted.actor === this.actor) {
      this.outbox = this.replica.acknowledge(accepted.seq, this.seen) ?? this.outbox;
      return true;
    }
    const { state } = this.replica;
    const server = state.kind === "synchronized" ? this.replica.text : state.serverText;
    const { inserted, deleted } = changeOf(server.toString(), accepted.operation);
    this.replica.receive(accepted.operation);
    const text = this.replica.text.toString();
    // One that was restored before the deletion was heard of is a new one by now; and where another restored it, there
    // may be two of it.
    for (const character of deleted) if (!text.includes(character)) this.gone.add(character);
    for (const character of inserted) this.inserted.add(character);
    for (const character of this.inserted) this.gone.delete(character);
    return true;
  }
}

function changeOf(text: string, operation: Operation): { inserted: string; deleted: string } {
  const change = { inserted: "", deleted: "" };
  let position = 0;
  for (const part of operation) {
    if (typeof part === "string") {
      change.inserted += part;
    } else {
      if (part < 0) change.deleted += text.slice(position, position - part);
      position += Math.abs(part);
    }
  }
  return change;
}

it("OT-6: an undo deletes no character of another, and restores none that another deleted; all converge", () => {
  let undone = 0;
  fuzz(400, seed + 1, (random) => {
    let last = 0x4e00;
    const fresh = () => String.fromCharCode(last++);
    const text = Array.from({ length: random.int(10) }, fresh).join("");
    const log: Accepted[] = [];
    const authority = new Authority({
      version: 0,
      text: Text.from(text),
      lastByActor: new Map(),
      history: { horizon: 0, read: () => [], find: () => undefined },
      limits: { textUnits: Infinity, tailOperations: 10_000, transformParts: Infinity },
    });
    const writers = [1, 2, 3].slice(0, 2 + random.int(2)).map((actor) => new Writer(actor, text));
    const send = (writer: Writer) => {
      const { actor, outbox } = writer;
      if (!outbox) return false;
      writer.outbox = null;
      const verdict = authority.accept({ actor, ...outbox });
      if (verdict.kind !== "accepted") throw new Error(verdict.kind);
      log.push({ actor, seq: outbox.seq, operation: verdict.operation });
      return true;
    };
    for (let steps = 40 + random.int(60); steps > 0; steps--) {
      const writer = random.pick(writers);
      const action = random.int(10);
      if (action < 3) writer.edit(random, fresh);
      else if (action < 5) writer.undoOrRedo(random.chance(0.7));
      else if (action < 7) send(writer);
      else for (let count = random.int(4); count > 0; count--) writer.receive(log);
      if (action === 3 || action === 4) undone++;
    }
    for (let moved = true; moved; ) {
      moved = false;
      for (const writer of writers) {
        while (writer.receive(log)) moved = true;
        moved = send(writer) || moved;
      }
    }
    for (const writer of writers) {
      if (writer.replica.text.toString() !== authority.text.toString()) expect.unreachable("diverged");
    }
    expect(log.reduce((now, { operation }) => apply(now, operation), text)).toBe(authority.text.toString());
  });
  expect(undone).toBeGreaterThan(10_000);
});
