import { makeZip } from "client-zip";
import { and, asc, eq, isNull } from "drizzle-orm";
import { html, raw } from "hono/html";
import MarkdownIt from "markdown-it";
import type { Database } from "../db/database.ts";
import { newerThan } from "../db/page-position.ts";
import { documents } from "../db/schema.ts";
import { encodeCursor, type Position } from "../platform/cursor.ts";
import { errorFields, log } from "../platform/log.ts";
import { Problem } from "../platform/problem.ts";
import { limits } from "../protocol/limits.ts";
import { noWorkspace, workspaceFor } from "../workspaces/workspaces.ts";
import type { Document, Places } from "./documents.ts";
import { FileNames } from "./file-name.ts";
import type { DocumentRow } from "./store.ts";

// Documents are Markdown, so as Markdown and as plain text they go out as they are.

/** Knows no HTML: what looks like it is text. It leads nowhere but to http, https, mailto and paths. */
const markdown = new MarkdownIt("default", { html: false, linkify: false });

/** The policy under which a browser shows an exported page: no script, whatever the rendering lets through. */
const policy = "default-src 'none'; img-src https: data:; style-src 'unsafe-inline'";

const style =
  "body { font: 1rem/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 45rem; padding: 0 1rem }";

/** The document as a page of its own. Throws Problem `document_too_large` for what is too much to render. */
export async function htmlOf({
  row: { title },
  content,
}: Pick<Document, "row" | "content">): Promise<string> {
  if (content.length > limits.renderedUnits) {
    throw new Problem(
      "document_too_large",
      `As HTML, documents of at most ${limits.renderedUnits} UTF-16 units are exported; as Markdown or text, any.`,
    );
  }
  const page = await html`<!doctype html>
<html>
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta http-equiv="content-security-policy" content="${policy}">
<title>${title}</title>
<style>${raw(style)}</style>
</head>
<body>
${raw(markdown.render(content))}</body>
</html>
`;
  return String(page);
}

/** The documents of a workspace, or the next of them, to be exported in one file. */
export interface WorkspaceExport {
  name: string;
  rows: DocumentRow[];
  /** Where the next export begins; null: these are the last. */
  nextCursor: string | null;
}

/** Throws Problem `not_found`. Whoever is in a workspace reads everything in it. */
export async function workspaceExport(
  db: Database,
  userId: string,
  workspaceId: string,
  after: Position | undefined,
): Promise<WorkspaceExport> {
  const { name, deletedAt } = await workspaceFor(db, userId, workspaceId);
  if (deletedAt !== null) throw noWorkspace();
  const found = await db
    .select()
    .from(documents)
    .where(
      and(eq(documents.workspaceId, workspaceId), isNull(documents.deletedAt), newerThan(documents, after)),
    )
    .orderBy(asc(documents.createdAt), asc(documents.id))
    .limit(limits.exportDocuments + 1);
  const rows = found.slice(0, limits.exportDocuments);
  const last = found.length > rows.length ? rows.at(-1) : undefined;
  return { name, rows, nextCursor: last ? encodeCursor(last) : null };
}

/**
 * The zip file, made while it is read: it holds one text at a time. What `manifest.json` at its end names without a file
 * could not be read; it breaks nothing.
 */
export function zipOf(room: Places["room"], { name, rows, nextCursor }: WorkspaceExport, now: number) {
  const names = new FileNames();
  const manifest: object[] = [];
  async function* files() {
    for (const row of rows) {
      const about = {
        id: row.id,
        title: row.title,
        created_at: new Date(row.createdAt).toISOString(),
        updated_at: new Date(row.updatedAt).toISOString(),
      };
      const read = await readOrRefusal(room, row.id);
      if (!read.ok) {
        manifest.push({ ...about, file: null, error: read.code });
        continue;
      }
      const file = names.of(row.title, ".md");
      manifest.push({ ...about, file, version: read.version });
      yield { name: file, lastModified: new Date(row.updatedAt), input: read.content };
    }
    const all = {
      workspace: name,
      exported_at: new Date(now).toISOString(),
      documents: manifest,
      next_cursor: nextCursor,
    };
    yield { name: "manifest.json", lastModified: new Date(now), input: `${JSON.stringify(all, null, 2)}\n` };
  }
  return endedQuietly(makeZip(files()));
}

/** The same stream. That its reader goes away is for client-zip an error, which nobody is there to hear. */
function endedQuietly(stream: ReadableStream<Uint8Array>): ReadableStream<Uint8Array> {
  const reader = stream.getReader();
  return new ReadableStream({
    async pull(controller) {
      const { value, done } = await reader.read();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    cancel: (reason) => reader.cancel(reason).catch(() => {}),
  });
}

/** A text, or why there is none: deleted since, or out of reach. */
async function readOrRefusal(room: Places["room"], id: string) {
  try {
    return await room(id).read();
  } catch (error) {
    log("error", "export_failed", { document_id: id, ...errorFields(error) });
    return { ok: false, code: "unavailable" } as const;
  }
}
