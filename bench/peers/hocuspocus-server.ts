// Hocuspocus with what its SQLite extension does, on node:sqlite: a document is stored 2 s after the last edit, 10 s after the first at the
// latest (its defaults).
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { Server } from "@hocuspocus/server";
import { applyUpdate, encodeStateAsUpdate } from "yjs";

const database = new DatabaseSync(join(process.argv[2]!, "hocuspocus.sqlite"));
database.exec(
  `CREATE TABLE IF NOT EXISTS "documents" ("name" varchar(255) NOT NULL, "data" blob NOT NULL, UNIQUE(name))`,
);
const select = database.prepare(`SELECT data FROM "documents" WHERE name = ? ORDER BY rowid DESC`);
const upsert = database.prepare(
  `INSERT INTO "documents" ("name", "data") VALUES (?, ?) ON CONFLICT(name) DO UPDATE SET data = excluded.data`,
);

const server = new Server({
  address: "127.0.0.1",
  port: 0,
  quiet: true,
  async onLoadDocument({ documentName, document }) {
    const row = select.get(documentName);
    if (row) applyUpdate(document, row.data as Uint8Array);
  },
  async onStoreDocument({ documentName, document }) {
    upsert.run(documentName, encodeStateAsUpdate(document));
  },
});
await server.listen();
process.on("disconnect", () => process.exit());
process.send?.(server.address.port);
