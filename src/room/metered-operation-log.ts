import { inSpan } from "../platform/tracing.ts";
import { operationTraceIds } from "../protocol/operation-trace.ts";
import type { EndedFlush, EndedFlushListener } from "./ended-flush.ts";
import type { Commit, StoredRoom } from "./operation-log.ts";
import type { RoomUsage } from "./room-api.ts";
import { SqliteOperationLog, type SqliteOperationLogOptions } from "./sqlite-operation-log.ts";
import type { SqlStorageSlice } from "./sqlite-schema.ts";

interface Metering {
  documentId: string | undefined;
  usage: RoomUsage;
  /** Who is told of every commit, in this order. */
  listeners: readonly EndedFlushListener[];
}

/** The operation log, with its loads and commits counted, traced and told of. */
export class MeteredOperationLog extends SqliteOperationLog {
  readonly #metering: Metering;

  constructor(storage: SqlStorageSlice, options: SqliteOperationLogOptions, metering: Metering) {
    super(storage, options);
    this.#metering = metering;
  }

  override load(): StoredRoom | undefined {
    this.#metering.usage.loads += 1;
    return inSpan("room.load", { document_id: this.#metering.documentId }, () => super.load());
  }

  override append(commit: Commit): void {
    const { documentId, usage } = this.#metering;
    const { from, entries } = commit;
    const to = from + entries.length - 1;
    const startedAt = performance.now();
    const writtenBefore = usage.rowsWritten;
    const ended = (error?: unknown): EndedFlush => ({
      documentId,
      from,
      to,
      transforms: entries.reduce((sum, { transforms = 0 }) => sum + transforms, 0),
      rowsWritten: usage.rowsWritten - writtenBefore,
      durationMs: performance.now() - startedAt,
      error,
    });
    try {
      const span = { document_id: documentId, version: to, operations: entries.length };
      inSpan("room.commit", span, (active) => {
        super.append(commit);
        if (active.isTraced) {
          active.setAttributes({ operation_trace_ids: operationTraceIds(documentId ?? "", from, to) });
        }
      });
    } catch (error) {
      this.#tell(ended(error));
      throw error;
    }
    usage.flushes += 1;
    usage.operations += entries.length;
    this.#tell(ended());
  }

  #tell(flush: EndedFlush): void {
    for (const listener of this.#metering.listeners) listener(flush);
  }
}
