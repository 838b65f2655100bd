import { WorkerEntrypoint } from "cloudflare:workers";
import { database } from "../db/database.ts";
import { handOnSoon } from "../events/hand-on.ts";
import { noteEdits } from "./store.ts";

/**
 * Told by rooms, by way of the Worker's own exports, that their documents were edited: a room knows neither D1 nor who wants
 * to hear of it. Told the same again, it does nothing.
 */
export class EditedDocuments extends WorkerEntrypoint<Env> {
  async announce({
    documentId,
    version,
    at,
  }: {
    documentId: string;
    version: number;
    /** Of the last edit, milliseconds since the epoch. */
    at: number;
  }): Promise<void> {
    if (await noteEdits(database(this.env.DB), documentId, { version, at }, Date.now())) handOnSoon(this.env);
  }
}
