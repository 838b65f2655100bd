import type { DocumentSession } from "../../client/index.ts";
import { useConnection, useStatus } from "../../client/react/index.ts";
import { Button } from "../design/button.tsx";
import { Notice } from "../design/notice.tsx";

/** What whoever writes has to know now, and what they can do about it. */
export function DocumentBanner({ session }: { session: DocumentSession }) {
  const connection = useConnection(session) ?? session.connection;
  const status = useStatus(session) ?? session.status;
  const { setAside } = session;
  return (
    <div className="document-banner">
      {connection.state === "ended" && connection.code !== "closed" && (
        <Notice kind="bad">
          <span>{whyEnded(connection.code, connection.reason)}</span>
          <Button small onClick={() => location.reload()}>
            Reload
          </Button>
        </Notice>
      )}
      {status.kind === "offline" && status.edits > 0 && (
        <Notice kind="warn">
          You are offline. Go on writing: what you write is kept in this browser and saved when the connection
          is back.
        </Notice>
      )}
      {setAside.length > 0 && (
        <Notice kind="bad">
          <div className="set-aside">
            <p>This text of yours could not be put into the document. Copy what you need of it.</p>
            {setAside.map((piece, index) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: the list only grows, or is emptied
              <pre key={index}>{textOf(piece)}</pre>
            ))}
            <Button small onClick={() => session.dismiss()}>
              Done
            </Button>
          </div>
        </Notice>
      )}
    </div>
  );
}

function whyEnded(code: string, reason: string): string {
  switch (code) {
    case "unauthenticated":
      return "You are not signed in any more. What you have written is kept in this browser: sign in again.";
    case "forbidden":
      return "You have no access to this document any more.";
    case "deleted":
      return "This document was deleted.";
    default:
      return `The connection has ended: ${reason}`;
  }
}

function textOf(piece: DocumentSession["setAside"][number]): string {
  if (piece.kind === "rescued") return piece.text;
  return [...piece.operation].filter((part) => typeof part === "string").join(" … ");
}
