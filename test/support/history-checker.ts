import type { Operation } from "../../src/ot/operation.ts";
import { Text } from "../../src/ot/text.ts";

/** An acknowledgement as a client received it. */
export interface Acknowledgement {
  seq: number;
  version: number;
}

/** What one client did, as seen from outside. */
export interface ClientHistory {
  actor: number;
  /** The highest seq that it ever sent. */
  sent: number;
  acknowledged: readonly Acknowledgement[];
  /** Characters that nobody else ever inserts, each typed once; all of their submissions were acknowledged in the end. */
  typed: readonly string[];
  /** Those of `typed` that the client itself deleted again, perhaps before they were sent. */
  removed: ReadonlySet<string>;
}

export interface History {
  /** The room's version at the end; it began at 0, empty. */
  version: number;
  /** The room's log, as one that has nothing gets it: item k has version `from` + k. */
  log: { from: number; items: readonly { op: Operation; actor: number; seq: number }[] };
  clients: readonly ClientHistory[];
  /** Every copy of the text at the end, and whose it is. */
  texts: readonly { name: string; text: string }[];
}

/**
 * Holds a history to RM-1, RM-2 and RM-3; returns one line for each violation.
 *
 * - Versions are dense.
 * - Every acknowledged submission is in the log once, at the version that it was acknowledged with.
 * - One that was never acknowledged is there once or not at all, and nothing is there that was never sent.
 * - The submissions of one client are in the order in which it made them, none left out.
 * - What was typed is inserted once, whatever number it bears.
 * - Every copy of the text is what the log, replayed, gives.
 */
export function checkHistory({ version, log, clients, texts }: History): string[] {
  const violations: string[] = [];
  const { from, items } = log;
  if (from !== 1 || items.length !== version) {
    violations.push(
      `not dense: the log has ${items.length} operations from ${from}, the room is at ${version}`,
    );
  }

  const text = Text.from("");
  const versionsOf = new Map<string, number[]>();
  const lastSeq = new Map<number, number>();
  const inserted = new Map<string, number>();
  const sent = new Map(clients.map((client) => [client.actor, client.sent]));
  for (const [index, { op, actor, seq }] of items.entries()) {
    const at = from + index;
    const key = `${actor}/${seq}`;
    versionsOf.set(key, [...(versionsOf.get(key) ?? []), at]);
    if (seq > (sent.get(actor) ?? 0)) violations.push(`never sent: ${key} has version ${at}`);
    const last = lastSeq.get(actor) ?? 0;
    if (seq !== last + 1) violations.push(`out of order: ${key} at version ${at} follows seq ${last}`);
    lastSeq.set(actor, seq);
    for (const part of op) {
      if (typeof part !== "string") continue;
      for (const character of part) inserted.set(character, (inserted.get(character) ?? 0) + 1);
    }
    try {
      text.apply(op);
    } catch (error) {
      violations.push(`not replayable: version ${at}: ${(error as Error).message}`);
      return violations;
    }
  }

  for (const [key, versions] of versionsOf) {
    if (versions.length > 1) violations.push(`doubled: ${key} has versions ${versions.join(", ")}`);
  }
  for (const { actor, acknowledged, typed, removed } of clients) {
    for (const { seq, version: told } of acknowledged) {
      const versions = versionsOf.get(`${actor}/${seq}`);
      if (!versions) violations.push(`lost: ${actor}/${seq} was acknowledged as ${told}`);
      else if (!versions.includes(told)) {
        violations.push(`moved: ${actor}/${seq} was acknowledged as ${told} and has version ${versions[0]}`);
      }
    }
    for (const character of typed) {
      const times = inserted.get(character) ?? 0;
      if (times > 1)
        violations.push(`doubled: ${codePoint(character)} of ${actor} was inserted ${times} times`);
      if (times === 0 && !removed.has(character))
        violations.push(`lost: ${codePoint(character)} of ${actor}`);
    }
  }
  const replayed = text.toString();
  for (const { name, text: copy } of texts) {
    if (copy !== replayed) violations.push(`diverged: the text of ${name} is not what the log gives`);
  }
  return violations;
}

const codePoint = (character: string): string => `U+${character.codePointAt(0)?.toString(16).toUpperCase()}`;
