import { and, inArray, isNotNull } from "drizzle-orm";
import { type Database, database } from "../db/database.ts";
import { outbox } from "../db/schema.ts";
import { errorFields, log } from "../platform/log.ts";
import { inTrace } from "../platform/trace-scope.ts";
import { inSpan } from "../platform/tracing.ts";
import type { EventConsumer, EventType, RecordedEvent } from "./event.ts";
import type { EventMessage } from "./hand-on.ts";

/**
 * Has every consumer hear of the events of a batch. An event is done with when all of them have it; one of which somebody
 * fails stays in the outbox, comes again, and holds up no other. The queue may lose messages and double them.
 */
export async function consumeEvents(
  env: Env,
  messages: readonly Message<EventMessage>[],
  consumers: readonly EventConsumer[],
): Promise<void> {
  const db = database(env.DB);
  const waiting = await waitingEvents(
    db,
    messages.map(({ body }) => body.eventId),
  );
  const done = await Promise.all(
    waiting.map((event) =>
      inTrace({ traceId: event.traceId }, () =>
        inSpan(
          "event.consume",
          { event_id: event.id, type: event.type, trace_id: event.traceId ?? undefined },
          () => consume(env, event, consumers),
        ),
      ),
    ),
  );
  const ids = waiting.filter((_, index) => done[index]).map(({ id }) => id);
  if (ids.length > 0) await db.update(outbox).set({ dueAt: null }).where(inArray(outbox.id, ids));
}

async function waitingEvents(db: Database, ids: string[]): Promise<RecordedEvent[]> {
  const rows = await db
    .select()
    .from(outbox)
    .where(and(inArray(outbox.id, ids), isNotNull(outbox.dueAt)));
  return rows.map(({ id, type, workspaceId, data, createdAt, traceId }) => ({
    id,
    type: type as EventType,
    workspaceId,
    data: JSON.parse(data),
    createdAt,
    traceId,
  }));
}

/** Whether every consumer has it. */
async function consume(
  env: Env,
  event: RecordedEvent,
  consumers: readonly EventConsumer[],
): Promise<boolean> {
  const outcomes = await Promise.allSettled(consumers.map(async (consumer) => consumer(env, event)));
  const failed = outcomes.filter((outcome) => outcome.status === "rejected");
  for (const { reason } of failed) {
    log("error", "event_failed", { event_id: event.id, type: event.type, ...errorFields(reason) });
  }
  return failed.length === 0;
}
