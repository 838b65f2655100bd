import { inSpan } from "../platform/tracing.ts";
import type { Commit, StoredRoom } from "./operation-log.ts";
import type { RoomUsage } from "./room-api.ts";
import { SqliteOperationLog, type SqliteOperationLogOptions } from "./sqlite-operation-log.ts";
import type { SqlStorageSlice } from "./sqlite-schema.ts";

/** The operation log, with its loads and commits counted and traced. */
export class MeteredOperationLog extends SqliteOperationLog {
  readonly #documentId: string | undefined;
  readonly #usage: RoomUsage;

  constructor(
    storage: SqlStorageSlice,
    options: SqliteOperationLogOptions,
    { documentId, usage }: { documentId: string | undefined; usage: RoomUsage },
  ) {
    super(storage, options);
    this.#documentId = documentId;
    this.#usage = usage;
  }

  override load(): StoredRoom | undefined {
    this.#usage.loads += 1;
    return inSpan("room.load", { document_id: this.#documentId }, () => super.load());
  }

  override append(commit: Commit): void {
    const { from, entries } = commit;
    const span = {
      document_id: this.#documentId,
      version: from + entries.length - 1,
      operations: entries.length,
    };
    inSpan("room.commit", span, () => super.append(commit));
    this.#usage.flushes += 1;
    this.#usage.operations += commit.entries.length;
  }
}
