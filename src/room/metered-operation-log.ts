import type { Commit, StoredRoom } from "./operation-log.ts";
import type { RoomUsage } from "./room-api.ts";
import { SqliteOperationLog, type SqliteOperationLogOptions } from "./sqlite-operation-log.ts";
import type { SqlStorageSlice } from "./sqlite-schema.ts";

/** The operation log, with its loads and commits counted. */
export class MeteredOperationLog extends SqliteOperationLog {
  readonly #usage: RoomUsage;

  constructor(storage: SqlStorageSlice, options: SqliteOperationLogOptions, usage: RoomUsage) {
    super(storage, options);
    this.#usage = usage;
  }

  override load(): StoredRoom | undefined {
    this.#usage.loads += 1;
    return super.load();
  }

  override append(commit: Commit): void {
    super.append(commit);
    this.#usage.flushes += 1;
    this.#usage.operations += commit.entries.length;
  }
}
