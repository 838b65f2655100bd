/** Of a Durable Object's storage, what the log uses. */
export type SqlStorageSlice = Pick<DurableObjectStorage, "sql" | "transactionSync">;

/** Version of the tables below. A room of an older one is migrated where it stands, one of a newer is not served (law RM-8). */
const schemaVersion = 5;

/** docs/storage.md describes these tables. No secondary index: every index touched is one more row written and billed. */
const tables = {
  room: `id INTEGER PRIMARY KEY CHECK (id = 1), schema INTEGER NOT NULL, created_at INTEGER NOT NULL,
    snapshot_version INTEGER NOT NULL, epoch TEXT NOT NULL DEFAULT '', horizon INTEGER NOT NULL DEFAULT 0,
    keep_operations INTEGER, keep_ms INTEGER, peak_bytes INTEGER NOT NULL DEFAULT 0, origins_from INTEGER NOT NULL DEFAULT 0`,
  actors: `actor INTEGER PRIMARY KEY, client_id TEXT, user_id TEXT NOT NULL, kind TEXT NOT NULL,
    last_seq INTEGER NOT NULL, last_version INTEGER NOT NULL`,
  operations: "last_version INTEGER PRIMARY KEY, at INTEGER NOT NULL, entries TEXT NOT NULL",
  segments: "last_version INTEGER PRIMARY KEY, at INTEGER NOT NULL, sealed BLOB NOT NULL",
  snapshot: "part INTEGER PRIMARY KEY, text TEXT NOT NULL, chunk_hashes BLOB",
  base: "part INTEGER PRIMARY KEY, text TEXT NOT NULL",
  points: "version INTEGER PRIMARY KEY, sum INTEGER NOT NULL",
  checkpoints: "kind TEXT NOT NULL, version INTEGER NOT NULL, part INTEGER NOT NULL, packed BLOB NOT NULL",
} as const;

type Table = keyof typeof tables;

const creationOf = (table: Table, name: string = table): string => `CREATE TABLE ${name} (${tables[table]})`;

const createTable = (sql: SqlStorage, table: Table, name: string = table): void =>
  void sql.exec(creationOf(table, name));

/** What version 2 added: nothing that is there is touched. */
function migrateFrom1(sql: SqlStorage): void {
  for (const column of [
    "epoch TEXT NOT NULL DEFAULT ''",
    "horizon INTEGER NOT NULL DEFAULT 0",
    "keep_operations INTEGER",
    "keep_ms INTEGER",
    "peak_bytes INTEGER NOT NULL DEFAULT 0",
  ]) {
    sql.exec(`ALTER TABLE room ADD COLUMN ${column}`);
  }
  for (const table of ["segments", "base", "points"] as const) createTable(sql, table);
  sql.exec("UPDATE room SET schema = 2, epoch = ?", crypto.randomUUID());
}

/** What version 3 added. */
function migrateFrom2(sql: SqlStorage): void {
  sql.exec("ALTER TABLE snapshot ADD COLUMN chunk_hashes BLOB");
  sql.exec("UPDATE room SET schema = 3");
}

/** What version 4 added. */
function migrateFrom3(sql: SqlStorage): void {
  createTable(sql, "checkpoints");
  sql.exec("UPDATE room SET schema = 4");
}

/** What version 5 added: rows and segments of before do not say how operations came to be. */
function migrateFrom4(sql: SqlStorage): void {
  sql.exec("ALTER TABLE room ADD COLUMN origins_from INTEGER NOT NULL DEFAULT 0");
  sql.exec(
    "UPDATE room SET schema = 5, origins_from = max(coalesce((SELECT max(last_version) FROM operations), 0), coalesce((SELECT max(last_version) FROM segments), 0))",
  );
}

/** By the version that they bring on. */
const migrations = new Map([
  [1, migrateFrom1],
  [2, migrateFrom2],
  [3, migrateFrom3],
  [4, migrateFrom4],
]);

/** Takes all rows out of `operations`, and writes next to none. */
export function emptyOperations(sql: SqlStorage): void {
  sql.exec("DROP TABLE operations");
  createTable(sql, "operations");
}

/** The tables that hold what people wrote, or what was derived from it. The others may have taken over a page in which something of it is left. */
const written: ReadonlySet<Table> = new Set<Table>([
  "operations",
  "segments",
  "snapshot",
  "base",
  "checkpoints",
]);

/**
 * Puts new tables in the place of all, so that what lay in their pages is in free pages only: those of what people wrote
 * as `fill` writes them, with a `new_` before their names, the others copied. To be called in a transaction.
 */
export function replaceTables(sql: SqlStorage, fill: () => void): void {
  const names = Object.keys(tables) as Table[];
  // What an attempt to put a life back has left here would be of the old words.
  for (const table of names) sql.exec(`DROP TABLE IF EXISTS incoming_${table}`);
  // None is dropped before all are filled: SQLite uses a page that was freed in this transaction as it is, with what is in it.
  for (const table of names) createTable(sql, table, `new_${table}`);
  fill();
  for (const table of names)
    if (!written.has(table)) sql.exec(`INSERT INTO new_${table} SELECT * FROM ${table}`);
  for (const table of names) {
    sql.exec(`DROP TABLE ${table}`);
    sql.exec(`ALTER TABLE new_${table} RENAME TO ${table}`);
  }
}

/** Empty tables beside the room's own, in the place of what an attempt before may have left. */
export function createIncoming(sql: SqlStorage): void {
  for (const table of Object.keys(tables) as Table[]) {
    sql.exec(`DROP TABLE IF EXISTS incoming_${table}`);
    createTable(sql, table, `incoming_${table}`);
  }
}

/** Puts them in the place of all: to be called in a transaction, with the room's row in them. */
export function placeIncoming(sql: SqlStorage): void {
  for (const table of Object.keys(tables) as Table[]) {
    sql.exec(`DROP TABLE IF EXISTS ${table}`);
    sql.exec(`ALTER TABLE incoming_${table} RENAME TO ${table}`);
  }
}

/** The room's row of a life that came from elsewhere: a storage of its own (`epoch`), with nothing to load behind its snapshot. */
export function insertIncomingRoom(
  sql: SqlStorage,
  {
    at,
    version,
    horizon,
    originsFrom,
  }: { at: number; version: number; horizon: number; originsFrom: number },
): void {
  sql.exec(
    "INSERT INTO incoming_room (id, schema, created_at, snapshot_version, epoch, horizon, origins_from, peak_bytes) VALUES (1, ?, ?, ?, ?, ?, ?, ?)",
    schemaVersion,
    at,
    version,
    crypto.randomUUID(),
    horizon,
    originsFrom,
    sql.databaseSize,
  );
}

/** The one row of `room`. */
export type RoomRow = {
  schema: number;
  snapshot_version: number;
  epoch: string;
  horizon: number;
  keep_operations: number | null;
  keep_ms: number | null;
  peak_bytes: number;
  origins_from: number;
};

export function createRoom(storage: SqlStorageSlice, at: number): void {
  storage.transactionSync(() => storage.sql.exec(creation, schemaVersion, at, crypto.randomUUID()));
}

/** One text of all statements: each one by itself would cost as much again. */
const creation = [
  ...(Object.keys(tables) as Table[]).map((table) => creationOf(table)),
  "INSERT INTO room (id, schema, created_at, snapshot_version, epoch) VALUES (1, ?, ?, 0, ?)",
].join(";\n");

/** The room's row, its tables migrated; undefined if it was never created. Throws on a schema that this code does not know. */
export function openRoom(storage: SqlStorageSlice): RoomRow | undefined {
  const { sql } = storage;
  const exists = sql.exec("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'room'").toArray();
  if (exists.length === 0) return undefined;
  const [room] = sql.exec<RoomRow>("SELECT * FROM room").toArray();
  if (!room || room.schema === schemaVersion) return room;
  const migrate = migrations.get(room.schema);
  if (!migrate) {
    throw new Error(`the room's storage has schema ${room.schema}; this code reads ${schemaVersion}`);
  }
  storage.transactionSync(() => migrate(sql));
  return openRoom(storage);
}
