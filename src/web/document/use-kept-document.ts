import { useEffect } from "react";
import { guardUnload, IndexedDbOutboxStore, keepOffline } from "../../client/offline/index.ts";
import { type OpenDocument, useDocument } from "../../client/react/index.ts";
import { client as signedIn, useUser } from "../client.ts";
import { useClient } from "./document-client.ts";

/**
 * Opens a document for as long as the page is there. What is not saved outlives the page, but for guests: the next time
 * that they come, they are somebody else.
 */
export function useKeptDocument(id: string): OpenDocument {
  const client = useClient();
  const user = useUser();
  const isSignedIn = client === signedIn && user !== undefined;
  const document = useDocument(
    client,
    id,
    isSignedIn ? { offline: keepOffline(new IndexedDbOutboxStore(user.id)) } : {},
  );
  const { session } = document;
  useEffect(() => session && guardUnload(session), [session]);
  return document;
}
