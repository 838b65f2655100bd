import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import storage from "../../docs/storage.md?raw";
import { newRoom } from "../support/socket.ts";

/** Tables as docs/storage.md has them: name → columns. */
function documented(place: "D1" | "Room"): Record<string, string[]> {
  const tables: Record<string, string[]> = {};
  for (const [, table = "", body = ""] of storage.matchAll(
    new RegExp(`^### ${place} \`(\\w+)\`.*\\n([\\s\\S]*?)(?=^#|$(?![\\s\\S]))`, "gm"),
  )) {
    tables[table] = [...body.matchAll(/^\| `(\w+)` \|/gm)].map(([, column = ""]) => column);
  }
  return tables;
}

describe("docs/storage.md", () => {
  it("has every table and column of D1, in order", async () => {
    // Without the shadow tables in which SQLite keeps a virtual one.
    const tables = await env.DB.prepare(
      `SELECT name FROM pragma_table_list WHERE type IN ('table', 'virtual') AND name NOT LIKE '%\\_cf%' ESCAPE '\\'
         AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND name <> 'd1_migrations'`,
    ).all<{ name: string }>();
    const real: Record<string, string[]> = {};
    for (const { name } of tables.results) {
      const columns = await env.DB.prepare(`PRAGMA table_info(${name})`).all<{ name: string }>();
      real[name] = columns.results.map((column) => column.name);
    }
    expect(documented("D1")).toEqual(real);
  });

  it("has every table and column of a room, in order", async () => {
    const stub = env.ROOMS.getByName(await newRoom("text"));
    const real = await runInDurableObject(stub, (_room, { storage: { sql } }) => {
      const tables = sql.exec<{ name: string }>(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '%\\_cf%' ESCAPE '\\'",
      );
      return Object.fromEntries(
        tables.toArray().map(({ name }) => {
          const columns = sql.exec<{ name: string }>(`PRAGMA table_info(${name})`).toArray();
          return [name, columns.map((column) => column.name)];
        }),
      );
    });
    expect(documented("Room")).toEqual(real);
  });
});
