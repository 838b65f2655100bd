import type { Connection, SaveStatus } from "./session-events.ts";

/** What to say of own edits. `aside` counts what was set aside. */
export function saveStatus(now: {
  connection: Connection;
  edits: number;
  aside: number;
  /** Whether this person's role is known, and does not edit. */
  mayNotEdit: boolean;
}): SaveStatus {
  const { connection, edits, aside, mayNotEdit } = now;
  // A role that does not edit keeps them, and may change; an end does not.
  const lost = aside + (connection.state === "ended" || mayNotEdit ? edits : 0);
  if (lost > 0) return { kind: "rejected", edits: lost };
  if (connection.state !== "live") return { kind: "offline", edits };
  return { kind: edits > 0 ? "saving" : "saved" };
}
