import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";

type Row = Record<string, SqlStorageValue>;

const tables = ["room", "actors", "operations", "segments", "snapshot", "base", "points"];

/** A room's storage, as point-in-time recovery would keep it; the local runtime has none. */
export const backup = (id: string) =>
  runInDurableObject(env.ROOMS.getByName(id), (_room, { storage: { sql } }) =>
    tables.map((name): [string, Row[]] => [name, sql.exec<Row>(`SELECT * FROM ${name}`).toArray()]),
  );

/** Puts a room's storage back, as into an object that is not running: memory and sockets are gone. */
export async function restore(id: string, kept: Awaited<ReturnType<typeof backup>>): Promise<void> {
  const stub = env.ROOMS.getByName(id);
  await runInDurableObject(stub, (_room, { storage: { sql } }) => {
    for (const [name, rows] of kept) {
      sql.exec(`DELETE FROM ${name}`);
      for (const row of rows) {
        const values = Object.values(row);
        sql.exec(`INSERT INTO ${name} VALUES (${values.map(() => "?").join(",")})`, ...values);
      }
    }
  });
  await evictDurableObject(stub, { webSockets: "close" });
}
