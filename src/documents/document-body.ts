import type { DocumentBody, DocumentSummaryBody } from "../protocol/rest/documents.ts";
import type { Document } from "./documents.ts";
import type { DocumentRow } from "./store.ts";

/** A document with its text. */
export function documentBody({ row, content, version }: Document): DocumentBody {
  return { ...summaryBody(row), content, version };
}

/** A document as lists show it. */
export function summaryBody(row: DocumentRow): DocumentSummaryBody {
  return {
    id: row.id,
    title: row.title,
    workspace_id: row.workspaceId,
    owner_id: row.ownerId,
    created_at: new Date(row.createdAt).toISOString(),
    updated_at: new Date(row.updatedAt).toISOString(),
  };
}
