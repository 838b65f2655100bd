import type { BatchItem } from "drizzle-orm/batch";
import type { Database } from "../db/database.ts";
import type { Position } from "../platform/cursor.ts";
import type { DocumentBody } from "../protocol/rest/documents.ts";
import type { AccountExtras } from "./accounts.ts";
import type { CloseSockets } from "./session-sockets.ts";

/** What accounts need of the folders above this one. */
export interface AuthPorts {
  /** What else a new account comes with. */
  accountExtras: AccountExtras;
  /** Closes the sockets of a session that has ended. */
  closeSockets: CloseSockets;
  /** The statement that gives what is in one person's personal workspace to another's. */
  handOverDocuments: (db: Database, people: { from: string; to: string }) => BatchItem<"sqlite">;
  /** Erases documents of a workspace that nobody is in any more, for good; true when none is left. */
  eraseDocumentsIn: (env: Env, workspaceId: string) => Promise<boolean>;
  /** A person's own documents after one of them (null: from the beginning), with their texts, one after the other. */
  ownDocuments: (env: Env, userId: string, after: Position | null) => AsyncIterable<OwnDocument>;
}

/** A document in an export. */
export interface OwnDocument {
  position: Position;
  /** As REST shows it. */
  body: DocumentBody;
}
