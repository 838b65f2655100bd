/** The types of events, as webhooks name them. The names are API. */
export const eventTypes = [
  "documents.created",
  "documents.updated",
  "documents.deleted",
  "documents.restored",
  "documents.erased",
  "documents.shared",
  "documents.moved",
  "workspaces.created",
  "workspaces.updated",
  "workspaces.deleted",
  "workspaces.restored",
  "members.invited",
  "members.added",
  "members.changed",
  "members.removed",
  "users.created",
  "users.updated",
  "users.deleted",
] as const;

export type EventType = (typeof eventTypes)[number];

/** Something that happened. `data` holds ids, names and roles: never a text of a document, a token or an address. */
export interface Event {
  type: EventType;
  /** Whose webhooks hear of it; null for what belongs to no workspace. */
  workspaceId: string | null;
  data: Record<string, string | number | null>;
}

/** An event as the outbox has it. */
export interface RecordedEvent extends Event {
  id: string;
  /** Milliseconds since the epoch. */
  createdAt: number;
  /** Of the request, or the operation, that it comes from (law TR-3); null: of neither. */
  traceId: string | null;
}

/**
 * What is done about events. It hears of every event at least once, of several at a time, in no certain order, and maybe of one twice
 * at once: doing it again must be the same. What it throws has it hear of each by itself, and of that which it then fails at once more.
 */
export type EventConsumer = (env: Env, events: readonly RecordedEvent[]) => Promise<void>;
