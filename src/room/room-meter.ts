import type { RoomUsage } from "./room-api.ts";

// A global of the platform's is looked up anew each time, and for every frame.
const { byteLength } = Buffer;

/** Of a Durable Object's storage, what a room uses. */
type MeteredStorage = Pick<DurableObjectStorage, "sql" | "transactionSync" | "getAlarm" | "setAlarm"> & {
  kv: Pick<SyncKvStorage, "get" | "list" | "put" | "delete">;
};

/**
 * Counts, in memory alone: to store a count would cost more than most of what it counts. It is the answer to "why does
 * this room cost so much now"; the account's totals are the platform's to tell.
 */
export class RoomMeter {
  readonly usage: RoomUsage;
  /** Sockets that are open. */
  sockets = 0;
  /** The frame that was measured last: a broadcast is measured once, however many sockets get it. */
  #measured = { frame: "", bytes: 0 };

  constructor(now: number) {
    this.usage = {
      since: now,
      rowsRead: 0,
      rowsWritten: 0,
      framesIn: 0,
      framesOut: 0,
      bytesIn: 0,
      bytesOut: 0,
      loads: 0,
      flushes: 0,
      operations: 0,
      alarms: 0,
    };
  }

  /** Grows with whatever the object does. */
  get activity(): number {
    const { rowsRead, framesIn, framesOut, loads, flushes, alarms } = this.usage;
    return rowsRead + framesIn + framesOut + loads + flushes + alarms;
  }

  received(message: string | ArrayBuffer): void {
    this.usage.framesIn += 1;
    this.usage.bytesIn += typeof message === "string" ? byteLength(message) : message.byteLength;
  }

  sent(frame: string): void {
    if (frame !== this.#measured.frame) this.#measured = { frame, bytes: byteLength(frame) };
    this.usage.framesOut += 1;
    this.usage.bytesOut += this.#measured.bytes;
  }

  /** The storage, counted. */
  storage(storage: MeteredStorage): MeteredStorage {
    const { sql, kv } = storage;
    const { usage } = this;
    const metered: Omit<SqlStorage, "Cursor" | "Statement"> = {
      exec: <T extends Record<string, SqlStorageValue>>(query: string, ...bindings: unknown[]) =>
        new MeteredCursor(sql.exec<T>(query, ...bindings), usage),
      get databaseSize() {
        return sql.databaseSize;
      },
    };
    return {
      sql: metered as SqlStorage,
      transactionSync: (run) => storage.transactionSync(run),
      kv: {
        get: (key) => kv.get(key),
        list: (options) => kv.list(options),
        put: (key, value) => {
          usage.rowsWritten += 1;
          kv.put(key, value);
        },
        delete: (key) => {
          usage.rowsWritten += 1;
          return kv.delete(key);
        },
      },
      getAlarm: (options) => storage.getAlarm(options),
      setAlarm: (at, options) => {
        usage.rowsWritten += 1;
        return storage.setAlarm(at, options);
      },
    };
  }
}

/** A cursor reads as it is asked to, so its rows are counted after each time. A class: a commit makes one, and closures would cost it more than the rest. */
class MeteredCursor<T extends Record<string, SqlStorageValue>> {
  readonly #cursor: SqlStorageCursor<T>;
  readonly #usage: RoomUsage;
  #read = 0;
  #written = 0;

  constructor(cursor: SqlStorageCursor<T>, usage: RoomUsage) {
    this.#cursor = cursor;
    this.#usage = usage;
    this.#count();
  }

  #count(): void {
    const { rowsRead, rowsWritten } = this.#cursor;
    this.#usage.rowsRead += rowsRead - this.#read;
    this.#usage.rowsWritten += rowsWritten - this.#written;
    this.#read = rowsRead;
    this.#written = rowsWritten;
  }

  next() {
    const next = this.#cursor.next();
    this.#count();
    return next;
  }

  toArray(): T[] {
    const rows = this.#cursor.toArray();
    this.#count();
    return rows;
  }

  one(): T {
    const row = this.#cursor.one();
    this.#count();
    return row;
  }

  *raw<U extends SqlStorageValue[]>() {
    for (const row of this.#cursor.raw<U>()) {
      this.#count();
      yield row;
    }
    this.#count();
  }

  *[Symbol.iterator]() {
    for (const row of this.#cursor) {
      this.#count();
      yield row;
    }
    this.#count();
  }

  get columnNames(): string[] {
    return this.#cursor.columnNames;
  }

  get rowsRead(): number {
    return this.#cursor.rowsRead;
  }

  get rowsWritten(): number {
    return this.#cursor.rowsWritten;
  }
}
