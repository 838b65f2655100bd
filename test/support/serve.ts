// The process that server.ts starts: the bundled Worker in workerd, through Miniflare, until it is killed.
import { readFileSync } from "node:fs";
import { convertV4MiniflareOptions, Miniflare, type V4MiniflareOptions } from "miniflare";

export interface ServeSettings {
  /** The Worker as wrangler.toml configures it, and where it listens. */
  miniflare: V4MiniflareOptions;
  migrations: { name: string; statements: string[] }[];
}

/** Applies what the database has not, recorded in wrangler's own table. */
async function migrate(miniflare: Miniflare, migrations: ServeSettings["migrations"]): Promise<void> {
  if (migrations.length === 0) return;
  const db = await miniflare.getD1Database("DB");
  await db.exec(
    "CREATE TABLE IF NOT EXISTS d1_migrations (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT UNIQUE, applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL)",
  );
  const { results } = await db.prepare("SELECT name FROM d1_migrations").all<{ name: string }>();
  const applied = new Set(results.map((row) => row.name));
  for (const { name, statements } of migrations) {
    if (applied.has(name)) continue;
    await db.batch([
      ...statements.map((statement) => db.prepare(statement)),
      db.prepare("INSERT INTO d1_migrations (name) VALUES (?)").bind(name),
    ]);
  }
}

const settings: ServeSettings = JSON.parse(readFileSync(process.argv[2]!, "utf8"));
const miniflare = new Miniflare(convertV4MiniflareOptions(settings.miniflare));
// The starter is gone, or asks for an orderly end.
process.on("disconnect", async () => {
  await miniflare.dispose();
  process.exit(0);
});
await miniflare.ready;
await migrate(miniflare, settings.migrations);
process.send?.("ready");
