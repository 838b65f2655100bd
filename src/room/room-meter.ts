import type { RoomUsage } from "./room-api.ts";

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
    this.usage.bytesIn += typeof message === "string" ? Buffer.byteLength(message) : message.byteLength;
  }

  sent(frame: string): void {
    if (frame !== this.#measured.frame) this.#measured = { frame, bytes: Buffer.byteLength(frame) };
    this.usage.framesOut += 1;
    this.usage.bytesOut += this.#measured.bytes;
  }

  /** The storage, counted. */
  storage(storage: MeteredStorage): MeteredStorage {
    const { sql, kv } = storage;
    const { usage } = this;
    const metered: Omit<SqlStorage, "Cursor" | "Statement"> = {
      exec: <T extends Record<string, SqlStorageValue>>(query: string, ...bindings: unknown[]) =>
        meteredCursor(sql.exec<T>(query, ...bindings), usage),
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

/** A cursor reads as it is asked to, so its rows are counted after each time. */
function meteredCursor<T extends Record<string, SqlStorageValue>>(
  cursor: SqlStorageCursor<T>,
  usage: RoomUsage,
): SqlStorageCursor<T> {
  let read = 0;
  let written = 0;
  const counted = <R>(result: R): R => {
    const { rowsRead, rowsWritten } = cursor;
    usage.rowsRead += rowsRead - read;
    usage.rowsWritten += rowsWritten - written;
    read = rowsRead;
    written = rowsWritten;
    return result;
  };
  counted(undefined);
  return {
    next: () => counted(cursor.next()),
    toArray: () => counted(cursor.toArray()),
    one: () => counted(cursor.one()),
    *raw<U extends SqlStorageValue[]>() {
      for (const row of cursor.raw<U>()) yield counted(row);
      counted(undefined);
    },
    *[Symbol.iterator]() {
      for (const row of cursor) yield counted(row);
      counted(undefined);
    },
    columnNames: cursor.columnNames,
    get rowsRead() {
      return cursor.rowsRead;
    },
    get rowsWritten() {
      return cursor.rowsWritten;
    },
  };
}
