import { useEffect, useState, useSyncExternalStore } from "react";
import type { DocumentSession, SessionEvents } from "../../client/index.ts";
import { guardUnload, IndexedDbOutboxStore, keepOffline } from "../../client/offline/index.ts";
import { client as signedIn, useUser } from "../client.ts";
import { useClient } from "./document-client.ts";

/**
 * Opens a document, as long as the page is there; `undefined` until its text is, `error` if that will never be. What is not
 * saved outlives the page, but for guests: the next time that they come, they are somebody else.
 */
export function useSession(id: string): { session: DocumentSession | undefined; error: unknown } {
  const client = useClient();
  const user = useUser();
  const owner = client === signedIn ? user?.id : undefined;
  const [state, setState] = useState<{ session: DocumentSession | undefined; error: unknown }>(nothing);
  useEffect(() => {
    const offline = owner === undefined ? undefined : keepOffline(new IndexedDbOutboxStore(owner));
    const session = client.open(id, offline ? { offline } : {});
    const unguard = guardUnload(session);
    let isHere = true;
    session.ready().then(
      () => isHere && setState({ session, error: undefined }),
      (error: unknown) => isHere && setState({ session: undefined, error }),
    );
    return () => {
      isHere = false;
      setState(nothing);
      unguard();
      session.close();
    };
  }, [client, id, owner]);
  return state;
}

const nothing = { session: undefined, error: undefined };

/** Something of a session that changes with the events of these names. `read` answers the same as long as it is the same. */
export function useOfSession<T>(
  session: DocumentSession,
  names: readonly (keyof SessionEvents)[],
  read: () => T,
): T {
  return useSyncExternalStore((changed) => {
    const ends = names.map((name) => session.on(name, changed));
    return () => {
      for (const end of ends) end();
    };
  }, read);
}
