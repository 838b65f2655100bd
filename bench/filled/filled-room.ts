import { chunkHashesOf } from "../../src/ot/chunk-hashes.ts";
import { insertion, type Operation, replacement } from "../../src/ot/operation.ts";
import { Text } from "../../src/ot/text.ts";
import { DocumentRoom } from "../../src/room/document-room.ts";
import type { LastSubmission } from "../../src/room/operation-log.ts";
import { SqliteOperationLog } from "../../src/room/sqlite-operation-log.ts";
import { Random } from "../../test/support/ot-random.ts";
import type { Edit } from "../trace/recording.ts";

/** What a room is to have behind it. */
export type History =
  /** What three people typed: mostly where they typed before, one in six a deletion. */
  | { typed: number }
  /** So many operations that leave the text as it was: a word at its middle, and away with it. */
  | { steady: number }
  /** A recording, as JSON: a list of `Edit`. */
  | { edits: string };

interface Typed {
  operation: Operation;
  /** 0, 1, 2: who. */
  writer: number;
}

/** UTF-16 units of log after which the room makes a snapshot, if the text is shorter (src/room/loaded-room.ts). */
const snapshotUnits = 65_536;

/**
 * A room that can be given a long history at once: by its own log, one commit for each operation, with the snapshots that the room
 * makes and all that is due sealed. So storage is what people at typing speed, one operation a commit, leave behind them an hour later.
 */
export class FilledRoom extends DocumentRoom {
  /** Never resolves: what the room had in memory is of before, so it ends. */
  async fill(history: History): Promise<void> {
    const log = new SqliteOperationLog(this.ctx.storage, { fullAt: Number.POSITIVE_INFINITY });
    const stored = log.load();
    if (!stored) throw new Error("the room was never created");
    const { snapshot, tail, actors, lastByActor } = stored;
    const text = Text.from(snapshot.text);
    for (const { operation } of tail) text.apply(operation);
    const firstActor = Math.max(0, ...actors.map(({ actor }) => actor)) + 1;
    const writers = [0, 1, 2].map((writer) => ({
      actor: firstActor + writer,
      clientId: `writer-${writer}`,
      userId: crypto.randomUUID(),
      kind: "person" as const,
    }));
    const random = new Random(20_261_123);
    let version = snapshot.version + tail.length;
    let at = 1_700_000_000_000;
    let units = 0;
    const first = version + 1;
    for (const { operation, writer } of typedIn(history, text)) {
      text.apply(operation);
      version += 1;
      const actor = firstActor + writer;
      const seq = (lastByActor.get(actor)?.seq ?? 0) + 1;
      lastByActor.set(actor, { seq, version } satisfies LastSubmission);
      at += 80 + random.int(300);
      const json = JSON.stringify(operation);
      units += json.length;
      const isSnapshotDue = units > Math.max(snapshotUnits, text.length);
      log.append({
        from: version,
        entries: [{ actor, seq, operation }],
        operationsJson: [json],
        at,
        newActors: version === first ? writers : [],
        ...(isSnapshotDue && {
          snapshot: { version, text: text.toString(), chunkHashes: chunkHashesOf(text), lastByActor },
        }),
      });
      if (!isSnapshotDue) continue;
      units = 0;
      while (log.upkeep(at));
      await this.ctx.storage.sync();
    }
    while (log.upkeep(at + 3_600_000));
    await this.ctx.storage.sync();
    this.ctx.abort("filled");
  }
}

function typedIn(history: History, text: Text): Generator<Typed> {
  if ("typed" in history) return typedByThree(history.typed, text);
  if ("steady" in history) return steady(history.steady, text);
  return recorded(JSON.parse(history.edits));
}

function* typedByThree(operations: number, text: Text): Generator<Typed> {
  const random = new Random(20_261_124);
  let cursor = 0;
  for (let n = 1; n <= operations; n++) {
    if (random.chance(0.02)) cursor = random.int(text.length + 1);
    const deletes = cursor > 0 && random.chance(0.16);
    const operation = deletes
      ? replacement(cursor - 1, 1, "")
      : insertion(cursor, random.chance(0.1) ? "\n" : "a");
    cursor += deletes ? -1 : 1;
    yield { operation, writer: Math.floor(n / 500) % 3 };
  }
}

function* steady(operations: number, text: Text): Generator<Typed> {
  const middle = text.length >> 1;
  const word = 20;
  for (let n = 0; n < operations; n++) {
    const at = n % (2 * word);
    const operation =
      at < word ? insertion(middle + at, "a") : replacement(middle + 2 * word - at - 1, 1, "");
    yield { operation, writer: Math.floor(n / 500) % 3 };
  }
}

function* recorded(edits: readonly Edit[]): Generator<Typed> {
  for (const edit of edits) yield { operation: replacement(...edit), writer: 0 };
}
