import type { EventConsumer, RecordedEvent } from "../events/event.ts";
import { type AccessChange, announceAccess } from "./access-changes.ts";

/**
 * Has open sockets know what their people may do after an event, for the case that the Worker died between writing the
 * change and announcing it (law AC-1).
 */
export const announceAccessAfter: EventConsumer = async (env, events) => {
  const changes = events.flatMap((event) => accessChange(event) ?? []);
  await Promise.all(changes.map((change) => announceAccess(env, change)));
};

function accessChange({ type, workspaceId, data }: RecordedEvent): AccessChange | undefined {
  const { user_id: userId, document_id: documentId } = data;
  switch (type) {
    case "members.added":
    case "members.changed":
    case "members.removed":
      if (workspaceId === null || typeof userId !== "string") return undefined;
      return { userId, where: { workspaceId }, reason: "the workspace's members have changed" };
    case "workspaces.deleted":
    case "workspaces.restored":
      return workspaceId === null
        ? undefined
        : { where: { workspaceId }, reason: "the workspace was deleted, or brought back" };
    case "documents.deleted":
    case "documents.restored":
    case "documents.shared":
      if (typeof documentId !== "string") return undefined;
      return { where: { documentId }, reason: "who may do what in the document has changed" };
    default:
      return undefined;
  }
}
