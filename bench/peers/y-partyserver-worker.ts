// y-partyserver as its README has it, the object's own SQLite being the database. `onSave` is called 2 s after the last edit, 10 s after
// the first at the latest (its defaults).
import { routePartykitRequest } from "partyserver";
import { YServer } from "y-partyserver";
import { applyUpdate, encodeStateAsUpdate } from "yjs";

// What wrangler.toml has besides; the room's binding leads to the class below.
export * from "../../src/index.ts";

export class DocumentRoom extends YServer<Env> {
  override async onLoad(): Promise<void> {
    const { sql } = this.ctx.storage;
    sql.exec("CREATE TABLE IF NOT EXISTS document (id INTEGER PRIMARY KEY, state BLOB)");
    for (const { state } of sql.exec<{ state: ArrayBuffer }>("SELECT state FROM document"))
      applyUpdate(this.document, new Uint8Array(state));
  }

  override async onSave(): Promise<void> {
    const state = encodeStateAsUpdate(this.document);
    this.ctx.storage.sql.exec("INSERT OR REPLACE INTO document VALUES (1, ?)", state);
  }
}

export default {
  /** `/ws/parties/rooms/<name>`: where assets are not looked for first, as for our own sockets (wrangler.toml). */
  async fetch(request, env) {
    return (await routePartykitRequest(request, env, { prefix: "ws/parties" })) ?? new Response("ok");
  },
} satisfies ExportedHandler<Env>;
