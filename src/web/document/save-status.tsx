import type { DocumentSession } from "../../client/index.ts";
import { useStatus } from "../../client/react/index.ts";

/** What has become of one's own edits: `saved` is said of what is durable, and of nothing else. */
export function SaveStatus({ session }: { session: DocumentSession }) {
  const status = useStatus(session) ?? session.status;
  return (
    <span className={`status status-${status.kind}`} role="status">
      {words(status)}
    </span>
  );
}

function words(status: DocumentSession["status"]): string {
  switch (status.kind) {
    case "saved":
      return "Saved";
    case "saving":
      return "Saving…";
    case "offline":
      return status.edits === 0 ? "Offline" : `Offline, ${edits(status.edits)} to be saved`;
    case "rejected":
      return `${edits(status.edits)} not saved`;
  }
}

const edits = (count: number): string => `${count} ${count === 1 ? "edit" : "edits"}`;
