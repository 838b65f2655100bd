import { crc32 } from "node:zlib";
import { chunkHashesOf } from "../ot/chunk-hashes.ts";
import type { Commit, LastSubmission, StoredRoom } from "./operation-log.ts";
import { rolledForward } from "./rolled-forward.ts";
import { packText, storedBytes, writeSnapshot } from "./stored-text.ts";

/**
 * When it is worth its writing to bring the snapshot of a room at rest to the newest version: a load would unpack so many
 * sealed operations (some 1 ms for a thousand, several times that in a process that was just started), and one for so many
 * bytes that the snapshot has. So a long text is not written again for a handful of edits.
 */
const worth = { operations: 1_024, bytesEach: 48 };

/** The snapshot in the room's SQLite, and all that is written with it. */
export class SqliteSnapshot {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  save({ lastByActor, ...snapshot }: NonNullable<Commit["snapshot"]>): void {
    const { version, text } = snapshot;
    this.saveLastSubmissions(lastByActor);
    this.#sql.exec(
      "UPDATE room SET snapshot_version = ?, peak_bytes = max(peak_bytes, ?)",
      version,
      this.#sql.databaseSize,
    );
    writeSnapshot(this.#sql, snapshot);
    this.#sql.exec("INSERT OR REPLACE INTO points VALUES (?, ?)", version, crc32(text));
  }

  /** Those that wrote nothing since the snapshot before are stored as they are. */
  saveLastSubmissions(lastByActor: ReadonlyMap<number, LastSubmission>): void {
    const { snapshot_version } = this.#sql
      .exec<{ snapshot_version: number }>("SELECT snapshot_version FROM room")
      .one();
    for (const [actor, { seq, version }] of lastByActor) {
      if (version <= snapshot_version) continue;
      this.#sql.exec("UPDATE actors SET last_seq = ?, last_version = ? WHERE actor = ?", seq, version, actor);
    }
  }

  /** Whether it should be brought to the newest version of a room at rest; reads a few rows. */
  isWorthBringing(): boolean {
    const operations = this.#unpackedByLoad();
    return (
      operations >= worth.operations && operations * worth.bytesEach >= storedBytes(this.#sql, "snapshot")
    );
  }

  /** To what the stored room comes to, so that a load reads it and nothing behind it. To be called in a transaction. */
  bring(stored: StoredRoom): void {
    const { version, text, lastByActor } = rolledForward(stored);
    this.save({ version, text: text.toString(), chunkHashes: chunkHashesOf(text), lastByActor });
    packText(this.#sql, "snapshot");
  }

  /** Operations in the segments that reach past the snapshot: a segment is unpacked whole. */
  #unpackedByLoad(): number {
    const { snapshot, newest, before } = this.#sql
      .exec<{ snapshot: number; newest: number; before: number }>(
        "SELECT snapshot_version AS snapshot, coalesce((SELECT max(last_version) FROM segments), 0) AS newest, coalesce((SELECT max(last_version) FROM segments WHERE last_version <= snapshot_version), horizon) AS before FROM room",
      )
      .one();
    return newest > snapshot ? newest - before : 0;
  }
}
