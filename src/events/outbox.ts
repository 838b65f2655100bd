import { AsyncLocalStorage } from "node:async_hooks";
import { SQL, sql } from "drizzle-orm";
import type { BatchItem } from "drizzle-orm/batch";
import { type Database, preparedItem } from "../db/database.ts";
import { outbox } from "../db/schema.ts";
import { currentTraceId } from "../platform/trace-scope.ts";
import type { Event } from "./event.ts";

/** An event; what a statement alone knows of it comes as SQL. */
interface NewEvent extends Omit<Event, "workspaceId" | "data"> {
  workspaceId: Event["workspaceId"] | SQL;
  data: Event["data"] | SQL;
  /** Without it, of the request that is being answered, or the event that is being consumed. */
  traceId?: string;
}

/**
 * Milliseconds after which an event that no consumer has finished is handed to the queue again: doubled for each time, up
 * to an hour.
 */
export const patience = { first: 60_000, doublings: 6 };

/** What a request was about to record until it was answered. */
export interface Recorded {
  /** Of events that are put off as if they had been handed on already: the request hands them on behind its answer. */
  readonly ids: string[];
  /** Whether there may be others, which are due at once. */
  areDue: boolean;
}

const requests = new AsyncLocalStorage<{ recorded: Recorded | undefined }>();

/** Answers a request; what it was about to record, also where that came to nothing. */
export async function recording(answer: () => Promise<void>): Promise<Recorded> {
  const recorded: Recorded = { ids: [], areDue: false };
  const request: { recorded: Recorded | undefined } = { recorded };
  await requests.run(request, answer);
  // Nobody hands on what is still to come behind the answer: it is due at once.
  request.recorded = undefined;
  return recorded;
}

/**
 * The statement that records an event, if the statement before it in the same batch changed anything. So what did not
 * happen (a condition that did not hold, somebody else who was first) is not told, and what happened is told even if
 * everything after the batch is lost. It must follow directly on the statement of the fact. `now` is in milliseconds.
 */
export function eventIfChanged(
  db: Database,
  { type, workspaceId, data }: Event,
  now: number,
): BatchItem<"sqlite"> {
  const recorded = requests.getStore()?.recorded;
  const id = crypto.randomUUID();
  recorded?.ids.push(id);
  const dueAt = recorded ? now + patience.first : now;
  const attempts = recorded ? 1 : 0;
  const traceId = currentTraceId() ?? null;
  return knownEvent(db, { id, type, workspaceId, data: JSON.stringify(data), now, dueAt, attempts, traceId });
}

const given = sql.placeholder;

const knownEvent = preparedItem((db) =>
  db
    .insert(outbox)
    .select(
      sql`SELECT ${given("id")}, ${given("type")}, ${given("workspaceId")}, ${given("data")}, ${given("now")}, ${given("dueAt")}, ${given("attempts")}, ${given("traceId")} WHERE changes() > 0`,
    ),
);

/**
 * The statement that records an event for each row of `from` ("FROM … WHERE …"), of which `workspaceId` may be a column, and
 * `data` an object of JSON made of columns. It comes before the statement of the fact, which takes the same rows.
 */
export function eventsFrom(
  db: Database,
  { type, workspaceId, data, traceId = currentTraceId() }: NewEvent,
  from: SQL,
  now: number,
): BatchItem<"sqlite"> {
  const recorded = requests.getStore()?.recorded;
  if (recorded) recorded.areDue = true;
  const json = data instanceof SQL ? data : JSON.stringify(data);
  return db
    .insert(outbox)
    .select(
      sql`SELECT ${randomUuid}, ${type}, ${workspaceId}, ${json}, ${now}, ${now}, 0, ${traceId ?? null} ${from}`,
    );
}

/** A UUID of version 4 (RFC 9562 §5.4), a new one for each row. */
const randomUuid = sql.raw(
  `lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-' ||
   substr('89ab', 1 + abs(random() % 4), 1) || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))`,
);
