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
  if (waiting.length === 0) return;
  const failed = await consumed(waiting, async () => {
    const outcomes = await Promise.all(consumers.map((consumer) => tell(env, consumer, waiting)));
    return new Set(outcomes.flat());
  });
  const ids = waiting.filter((event) => !failed.has(event)).map(({ id }) => id);
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

/** Each event has a span for as long as they are worked on together. What is done about one alone is within its own. */
async function consumed<T>(events: readonly RecordedEvent[], work: () => Promise<T>): Promise<T> {
  const spanned = (event: RecordedEvent, run: () => Promise<T>) =>
    inSpan(
      "event.consume",
      { event_id: event.id, type: event.type, trace_id: event.traceId ?? undefined },
      run,
    );
  const [first, ...others] = events;
  if (!first || others.length === 0) return first ? spanned(first, work) : work();
  const working = work();
  await Promise.all(events.map((event) => spanned(event, () => working)));
  return working;
}

/** Has a consumer hear of events, of all at once, and if it fails of each by itself. Those at which it failed. */
async function tell(
  env: Env,
  consumer: EventConsumer,
  events: readonly RecordedEvent[],
): Promise<readonly RecordedEvent[]> {
  const [event, ...others] = events;
  const isOne = others.length === 0;
  try {
    await inTrace({ traceId: (isOne && event?.traceId) || null }, () => consumer(env, events));
    return [];
  } catch (error) {
    if (!isOne) return (await Promise.all(events.map((one) => tell(env, consumer, [one])))).flat();
    if (event) {
      log("error", "event_failed", {
        event_id: event.id,
        type: event.type,
        trace_id: event.traceId ?? undefined,
        ...errorFields(error),
      });
    }
    return events;
  }
}
