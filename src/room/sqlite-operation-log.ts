import type { Accepted } from "../ot/authority.ts";
import type { Operation } from "../ot/operation.ts";
import type { Actor, Commit, LastSubmission, OperationLog, StoredRoom } from "./operation-log.ts";

/** Of a Durable Object's storage, what the log uses. */
export type SqlStorageSlice = Pick<DurableObjectStorage, "sql" | "transactionSync">;

/** UTF-16 units in one row: at 3 bytes a unit below the 1 MB that a row should have (2 MB is the platform's end). */
const rowUnits = 262_144;

const schemaVersion = 1;

/** docs/storage.md describes these tables. No secondary index: every index touched is one more row written and billed. */
const schema = `
  CREATE TABLE room (id INTEGER PRIMARY KEY CHECK (id = 1), schema INTEGER NOT NULL, created_at INTEGER NOT NULL,
    snapshot_version INTEGER NOT NULL);
  CREATE TABLE actors (actor INTEGER PRIMARY KEY, client_id TEXT, user_id TEXT NOT NULL, kind TEXT NOT NULL,
    last_seq INTEGER NOT NULL, last_version INTEGER NOT NULL);
  CREATE TABLE operations (last_version INTEGER PRIMARY KEY, at INTEGER NOT NULL, entries TEXT NOT NULL);
  CREATE TABLE snapshot (part INTEGER PRIMARY KEY, text TEXT NOT NULL);`;

/** How an entry stands in a row: `[actor, seq, operation]`. */
type EntryJson = [actor: number, seq: number, operation: Operation];

type OperationsRow = { last_version: number; entries: string };
type ActorRow = {
  actor: number;
  client_id: string | null;
  user_id: string;
  kind: Actor["kind"];
  last_seq: number;
  last_version: number;
};

/** The operation log in a Durable Object's SQLite: one row per flush. */
export class SqliteOperationLog implements OperationLog {
  readonly #storage: SqlStorageSlice;
  readonly #sql: SqlStorage;

  constructor(storage: SqlStorageSlice) {
    this.#storage = storage;
    this.#sql = storage.sql;
  }

  load(): StoredRoom | undefined {
    const exists = this.#sql
      .exec("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'room'")
      .toArray();
    if (exists.length === 0) return undefined;
    const [room] = this.#sql
      .exec<{ schema: number; snapshot_version: number }>("SELECT schema, snapshot_version FROM room")
      .toArray();
    if (!room) return undefined;
    if (room.schema !== schemaVersion) {
      throw new Error(`the room's storage has schema ${room.schema}; this code reads ${schemaVersion}`);
    }

    const parts = this.#sql.exec<{ text: string }>("SELECT text FROM snapshot ORDER BY part").toArray();
    const lastByActor = new Map<number, LastSubmission>();
    const actors = this.#sql
      .exec<ActorRow>("SELECT * FROM actors")
      .toArray()
      .map((row): Actor => {
        if (row.last_seq > 0) lastByActor.set(row.actor, { seq: row.last_seq, version: row.last_version });
        return { actor: row.actor, clientId: row.client_id, userId: row.user_id, kind: row.kind };
      });

    const tail: Accepted[] = [];
    let tailUnits = 0;
    let version = room.snapshot_version;
    for (const row of this.#rowsAfter(version)) {
      const entries = decodeEntries(row.entries);
      if (row.last_version !== version + entries.length) {
        throw new Error(`the operation log has a gap after version ${version}`);
      }
      for (const entry of entries) tail.push(entry);
      tailUnits += row.entries.length;
      version = row.last_version;
    }
    return {
      snapshot: { version: room.snapshot_version, text: parts.map((part) => part.text).join("") },
      tail,
      tailUnits,
      actors,
      lastByActor,
    };
  }

  create(at: number): void {
    this.#storage.transactionSync(() => {
      this.#sql.exec(schema);
      this.#sql.exec("INSERT INTO room VALUES (1, ?, ?, 0)", schemaVersion, at);
    });
  }

  append(commit: Commit): void {
    this.#storage.transactionSync(() => {
      for (const { actor, clientId, userId, kind } of commit.newActors) {
        this.#sql.exec("INSERT INTO actors VALUES (?, ?, ?, ?, 0, 0)", actor, clientId, userId, kind);
      }
      for (const row of encodeRows(commit)) {
        this.#sql.exec("INSERT INTO operations VALUES (?, ?, ?)", row.lastVersion, commit.at, row.entries);
      }
      if (commit.snapshot) this.#saveSnapshot(commit.snapshot);
    });
  }

  #saveSnapshot({ version, text, lastByActor }: NonNullable<Commit["snapshot"]>): void {
    const [before] = this.#sql
      .exec<{ snapshot_version: number }>("SELECT snapshot_version FROM room")
      .toArray();
    this.#sql.exec("UPDATE room SET snapshot_version = ?", version);
    this.#sql.exec("DELETE FROM snapshot");
    for (const [part, partText] of splitText(text).entries()) {
      this.#sql.exec("INSERT INTO snapshot VALUES (?, ?)", part, partText);
    }
    for (const [actor, last] of lastByActor) {
      // Those that wrote nothing since the snapshot before are stored as they are.
      if (before && last.version <= before.snapshot_version) continue;
      this.#sql.exec(
        "UPDATE actors SET last_seq = ?, last_version = ? WHERE actor = ?",
        last.seq,
        last.version,
        actor,
      );
    }
  }

  read(from: number, to: number): Accepted[] {
    const found: Accepted[] = [];
    for (const row of this.#rowsAfter(from)) {
      const entries = decodeEntries(row.entries);
      const first = row.last_version - entries.length + 1;
      if (first > to) break;
      for (const [index, entry] of entries.entries()) {
        if (first + index > from && first + index <= to) found.push(entry);
      }
      if (row.last_version >= to) break;
    }
    return found;
  }

  find(actor: number, seq: number): number | undefined {
    const rows = this.#sql.exec<OperationsRow>(
      "SELECT last_version, entries FROM operations ORDER BY last_version DESC",
    );
    for (const row of rows) {
      const entries = decodeEntries(row.entries);
      const index = entries.findIndex((entry) => entry.actor === actor && entry.seq === seq);
      if (index >= 0) return row.last_version - entries.length + 1 + index;
    }
    return undefined;
  }

  #rowsAfter(version: number): Iterable<OperationsRow> {
    return this.#sql.exec<OperationsRow>(
      "SELECT last_version, entries FROM operations WHERE last_version > ? ORDER BY last_version",
      version,
    );
  }
}

function decodeEntries(json: string): Accepted[] {
  return (JSON.parse(json) as EntryJson[]).map(([actor, seq, operation]) => ({ actor, seq, operation }));
}

/** One row for the flush, or several where one would grow past `rowUnits`. */
function encodeRows({ from, entries, operationsJson }: Commit): { lastVersion: number; entries: string }[] {
  const rows: { lastVersion: number; entries: string }[] = [];
  let parts: string[] = [];
  let units = 0;
  const close = (lastVersion: number) => {
    if (parts.length > 0) rows.push({ lastVersion, entries: `[${parts.join(",")}]` });
    parts = [];
    units = 0;
  };
  for (const [index, { actor, seq }] of entries.entries()) {
    const part = `[${actor},${seq},${operationsJson[index]}]`;
    if (units + part.length > rowUnits) close(from + index - 1);
    parts.push(part);
    units += part.length;
  }
  close(from + entries.length - 1);
  return rows;
}

/** Parts of at most `rowUnits`, none ending within a surrogate pair (SQLite stores UTF-8, which has no half pairs). */
function splitText(text: string): string[] {
  const parts: string[] = [];
  for (let start = 0; start < text.length; ) {
    let end = Math.min(start + rowUnits, text.length);
    const last = text.charCodeAt(end - 1);
    if (end < text.length && last >= 0xd800 && last <= 0xdbff) end -= 1;
    parts.push(text.slice(start, end));
    start = end;
  }
  return parts;
}
