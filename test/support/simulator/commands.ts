import fc from "fast-check";
import type { Role } from "../../../src/protocol/server-frames.ts";
import type { AppendFault } from "./ledger.ts";

/**
 * What may happen next. `client` counts around the clients that there are, and every command means something, or
 * nothing, in every state: any part of a program is a program, which is what lets a failing one shrink.
 */
export type Command =
  /** The person replaces `deleted` units at `place` (of a thousand) by `inserted` new characters. */
  | readonly ["type", client: number, place: number, deleted: number, inserted: number]
  | readonly ["undo" | "redo", client: number]
  /** The person selects up to `length` units at `place`. */
  | readonly ["select", client: number, place: number, length: number]
  /** What was acknowledged last is sent again, as by a client that does not believe it. */
  | readonly ["again", client: number]
  /** Up to `count` frames arrive at the room. */
  | readonly ["submit", client: number, count: number]
  /** Up to `count` frames arrive at the client. */
  | readonly ["deliver", client: number, count: number]
  /** The room's event loop turns: what was accepted is committed. */
  | readonly ["turn"]
  /** A moment passes, and everything that is on its way to or from one of every `stride` clients arrives. */
  | readonly ["round", stride: number]
  /** Time passes: pauses end, connections time out, tokens expire. */
  | readonly ["pass", milliseconds: number]
  /** The client's connection breaks; the first `kept` frames that it had sent still arrive, some time. */
  | readonly ["drop", client: number, kept: number]
  /** The room's answers are lost from now on, and nobody notices. */
  | readonly ["hide ack", client: number]
  /** The person closes the document. */
  | readonly ["leave", client: number]
  /** A closed one, or one that was revoked, opens it again, as a new client. */
  | readonly ["join", client: number]
  /** The room sleeps, and wakes. */
  | readonly ["evict"]
  /** The room's process dies; on each socket `kept` frames that it had sent still arrive. */
  | readonly ["crash", kept: number]
  /** What the next append does. */
  | readonly ["fault", AppendFault]
  /** The next time that the room reads its storage, it cannot. */
  | readonly ["unreadable"]
  | readonly ["role", user: number, Role]
  | readonly ["revoke", user: number]
  /** A program replaces part of the text by REST. */
  | readonly ["rewrite", place: number, deleted: number, inserted: number]
  /** The text of an older version (a part of a thousand of all) is put back by REST. */
  | readonly ["restore", part: number]
  /** All but the newest `operations` are trimmed from the log. */
  | readonly ["compact", operations: number]
  /** Up to `length` units at `place` are taken out of the history, of the text that is `back` versions old. */
  | readonly ["redact", back: number, place: number, length: number]
  /** The disk has room for `operations` more than it holds. */
  | readonly ["disk", operations: number]
  /** The room dies, and its storage is put back to what it was `operations` versions ago. */
  | readonly ["rewind", operations: number];

export interface Program {
  /** 2 to 50. */
  clients: number;
  commands: readonly Command[];
}

const client = fc.nat({ max: 49 });
const place = fc.nat({ max: 999 });
const kept = fc.nat({ max: 3 });
const few = fc.nat({ max: 4 });

const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 600, arbitrary: fc.tuple(fc.constant("type" as const), client, place, few, few) },
  { weight: 20, arbitrary: fc.tuple(fc.constantFrom("undo" as const, "redo" as const), client) },
  { weight: 6, arbitrary: fc.tuple(fc.constant("select" as const), client, place, few) },
  { weight: 4, arbitrary: fc.tuple(fc.constant("again" as const), client) },
  {
    weight: 60,
    arbitrary: fc.tuple(fc.constant("submit" as const), client, fc.integer({ min: 1, max: 3 })),
  },
  {
    weight: 60,
    arbitrary: fc.tuple(fc.constant("deliver" as const), client, fc.integer({ min: 1, max: 12 })),
  },
  { weight: 40, arbitrary: fc.constant(["turn"] as const) },
  { weight: 400, arbitrary: fc.tuple(fc.constant("round" as const), fc.integer({ min: 1, max: 3 })) },
  {
    weight: 25,
    arbitrary: fc.tuple(
      fc.constant("pass" as const),
      fc.oneof(
        { weight: 60, arbitrary: fc.integer({ min: 1, max: 400 }) },
        { weight: 1, arbitrary: fc.integer({ min: 10_000, max: 70_000 }) },
      ),
    ),
  },
  { weight: 6, arbitrary: fc.tuple(fc.constant("drop" as const), client, kept) },
  { weight: 2, arbitrary: fc.tuple(fc.constant("hide ack" as const), client) },
  { weight: 1, arbitrary: fc.tuple(fc.constant("leave" as const), client) },
  { weight: 15, arbitrary: fc.tuple(fc.constant("join" as const), client) },
  { weight: 3, arbitrary: fc.constant(["evict"] as const) },
  { weight: 2, arbitrary: fc.tuple(fc.constant("crash" as const), kept) },
  {
    weight: 5,
    arbitrary: fc.tuple(
      fc.constant("fault" as const),
      fc.constantFrom<AppendFault[]>("refused", "death before", "death after"),
    ),
  },
  { weight: 1, arbitrary: fc.constant(["unreadable"] as const) },
  {
    weight: 5,
    arbitrary: fc.tuple(
      fc.constant("role" as const),
      client,
      fc.constantFrom<Role[]>("owner", "owner", "editor", "editor", "editor", "viewer"),
    ),
  },
  { weight: 1, arbitrary: fc.tuple(fc.constant("revoke" as const), client) },
  { weight: 6, arbitrary: fc.tuple(fc.constant("rewrite" as const), place, few, few) },
  { weight: 1, arbitrary: fc.tuple(fc.constant("restore" as const), place) },
  { weight: 2, arbitrary: fc.tuple(fc.constant("compact" as const), fc.nat({ max: 40 })) },
  { weight: 1, arbitrary: fc.tuple(fc.constant("redact" as const), fc.nat({ max: 60 }), place, few) },
  {
    weight: 6,
    arbitrary: fc.tuple(
      fc.constant("disk" as const),
      fc.oneof(
        { weight: 1, arbitrary: fc.nat({ max: 10 }) },
        { weight: 5, arbitrary: fc.constant(1_000_000) },
      ),
    ),
  },
  { weight: 1, arbitrary: fc.tuple(fc.constant("rewind" as const), fc.nat({ max: 30 })) },
);

/** A program of up to `most` commands, mostly for a few clients. */
export const program = (most: number): fc.Arbitrary<Program> =>
  fc.record({
    clients: fc.oneof(
      { weight: 80, arbitrary: fc.integer({ min: 2, max: 3 }) },
      { weight: 10, arbitrary: fc.integer({ min: 4, max: 10 }) },
      { weight: 1, arbitrary: fc.integer({ min: 11, max: 50 }) },
    ),
    commands: fc.noBias(fc.array(command, { maxLength: most, size: "max" })),
  });
