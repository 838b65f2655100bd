// Hooks for React: `materi/react`.
import { useCallback, useEffect, useRef, useState, useSyncExternalStore } from "react";
import type { Role } from "../../protocol/server-frames.ts";
import type { Connection, DocumentSession, Other, SaveStatus, SessionEvents } from "../document-session.ts";
import type { MateriClient } from "../materi-client.ts";

export interface OpenDocument {
  /** Ready to be read and edited; undefined until it is. */
  readonly session: DocumentSession | undefined;
  /** Why there will be none. */
  readonly error: Error | undefined;
}

const statusEvents = ["status"] as const;
const presenceEvents = ["presence", "change", "reset"] as const;
const textEvents = ["change", "reset"] as const;
const connectionEvents = ["connection"] as const;
const roleEvents = ["role", "connection"] as const;
const versionEvents = ["change", "reset", "acknowledged"] as const;
const nobody: readonly Other[] = [];
const opening: OpenDocument = { session: undefined, error: undefined };

/**
 * Opens a document for as long as the component is there, anew for another client or id. `options` are those of the first time.
 * (In StrictMode, where effects run twice, two sessions are opened one after the other, and the first is closed.)
 */
export function useDocument(
  client: MateriClient,
  documentId: string,
  options?: Parameters<MateriClient["open"]>[1],
): OpenDocument {
  const [document, setDocument] = useState(opening);
  const first = useRef(options);
  useEffect(() => {
    const session = client.open(documentId, first.current);
    let isHere = true;
    const set = (next: OpenDocument) => isHere && setDocument(next);
    session.ready().then(
      () => set({ session, error: undefined }),
      (error: Error) => set({ session: undefined, error }),
    );
    return () => {
      isHere = false;
      setDocument(opening);
      session.close();
    };
  }, [client, documentId]);
  return document;
}

/** What has become of own edits: what to show the person. Undefined without a session. */
export const useStatus = (session: DocumentSession | undefined): SaveStatus | undefined =>
  useSession(session, statusEvents, (of) => of.status);

/** Who else has the document open, with their selections in the text as it is now. */
export function usePresence(session: DocumentSession | undefined): readonly Other[] {
  // Read anew only when something has moved: each reading makes another list.
  const last = useRef<{ key: string; others: readonly Other[] }>({ key: "", others: nobody });
  return (
    useSession(session, presenceEvents, ({ others }) => {
      const key = JSON.stringify(others);
      if (key !== last.current.key) last.current = { key, others };
      return last.current.others;
    }) ?? nobody
  );
}

/** The text. For a short one: an editor's binding does not build it anew with every edit. */
export const useText = (session: DocumentSession | undefined): string | undefined =>
  useSession(session, textEvents, ({ text }) => text);

/** Where the connection stands; `ended` says why. */
export const useConnection = (session: DocumentSession | undefined): Connection | undefined =>
  useSession(session, connectionEvents, ({ connection }) => connection);

/** What the person may do in the document, as the room last said. */
export const useRole = (session: DocumentSession | undefined): Role | undefined =>
  useSession(session, roleEvents, ({ role }) => role);

/** Whether edits are taken. */
export const useCanEdit = (session: DocumentSession | undefined): boolean =>
  useSession(session, roleEvents, ({ isReadOnly }) => !isReadOnly) ?? false;

/** The last version that arrived. */
export const useVersion = (session: DocumentSession | undefined): number | undefined =>
  useSession(session, versionEvents, ({ version }) => version);

/** Something of a session, which these events may change. `read` answers the same as long as it is the same. */
function useSession<T>(
  session: DocumentSession | undefined,
  events: readonly (keyof SessionEvents)[],
  read: (session: DocumentSession) => T,
): T | undefined {
  const subscribe = useCallback(
    (changed: () => void) => {
      const ends = events.map((name) => session?.on(name, changed));
      return () => {
        for (const end of ends) end?.();
      };
    },
    [session, events],
  );
  const snapshot = () => (session ? read(session) : undefined);
  return useSyncExternalStore(subscribe, snapshot, snapshot);
}
