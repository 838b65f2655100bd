// The least that a Worker can do for the same request: a bare Hono route with one statement of D1, nobody asked who they are, no room, no
// event. Reading makes the statement that the service makes. Whatever else is asked, the service answers: by it the documents are made.
import { Hono } from "hono";
import { database } from "../../src/db/database.ts";
import { findDocument } from "../../src/documents/store.ts";
import service from "../../src/index.ts";

export * from "../../src/index.ts";

/** Stand in the statement for what each request puts there. */
const user = "the user";
const document = "the document";

interface Statement {
  sql: string;
  parameters: unknown[];
}

let find: Statement | undefined;

/** What `findDocument` asks of D1, which is not asked. */
function findStatement(): Promise<Statement> {
  return new Promise((resolve, reject) => {
    const statement = (sql: string, parameters: unknown[]) => ({
      bind: (...values: unknown[]) => statement(sql, values),
      raw: async () => {
        resolve({ sql, parameters });
        return [];
      },
    });
    const recorder = { prepare: (sql: string) => statement(sql, []) } as unknown as D1Database;
    findDocument(database(recorder), user, document).catch(reject);
  });
}

const bare = new Hono<{ Bindings: Env }>();

bare.get("/api/bare/documents/:id", async (c) => {
  const id = c.req.param("id");
  // The outcome is kept, since a promise of one request is not another's to await.
  if (!find) find = await findStatement();
  const { sql, parameters } = find;
  const values = parameters.map((value) =>
    value === document ? id : value === user ? c.req.header("x-user") : value,
  );
  const [row] = await c.env.DB.prepare(sql)
    .bind(...values)
    .raw<[string, string, string, string, number, number]>();
  if (!row) return c.json({ error: "not_found" }, 404);
  const [, workspace_id, owner_id, title, created_at, updated_at] = row;
  return c.json({
    id,
    title,
    workspace_id,
    owner_id,
    created_at: new Date(created_at).toISOString(),
    updated_at: new Date(updated_at).toISOString(),
  });
});

bare.post("/api/bare/documents", async (c) => {
  const { title, workspace_id, owner_id } =
    await c.req.json<Record<"title" | "workspace_id" | "owner_id", string>>();
  const id = crypto.randomUUID();
  const now = Date.now();
  await c.env.DB.prepare("INSERT INTO documents VALUES (?, ?, ?, ?, ?, ?, NULL, 0)")
    .bind(id, workspace_id, owner_id, title, now, now)
    .run();
  return c.json({ id, title, workspace_id, owner_id }, 201);
});

bare.notFound((c) => service.fetch(c.req.raw, c.env, c.executionCtx as ExecutionContext));

export default { ...service, fetch: bare.fetch } satisfies ExportedHandler<Env>;
