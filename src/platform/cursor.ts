import { Problem } from "./problem.ts";

/** Where a page of a list ended, newest first. */
export interface Position {
  createdAt: number;
  id: string;
}

/** Cursors are for callers to hand back, not to read. */
export function encodeCursor({ createdAt, id }: Position): string {
  return Buffer.from(`${createdAt}.${id}`).toString("base64url");
}

/** Throws Problem `invalid_request` for what is no cursor of ours. */
export function decodeCursor(cursor: string): Position {
  const [createdAt, id] = decoded(cursor, /^(\d{1,15})\.([0-9a-f-]{36})$/);
  return { createdAt: Number(createdAt), id: id ?? "" };
}

/** Of lists that are ordered by versions, newest first: the last version of the page. */
export function encodeVersionCursor(version: number): string {
  return Buffer.from(`v${version}`).toString("base64url");
}

/** Throws Problem `invalid_request` for what is no cursor of such a list. */
export function decodeVersionCursor(cursor: string): number {
  return Number(decoded(cursor, /^v(\d{1,15})$/)[0]);
}

/** Of lists that are ranked anew for each page: how many came before. */
export function encodeOffsetCursor(offset: number): string {
  return Buffer.from(`o${offset}`).toString("base64url");
}

/** Throws Problem `invalid_request` for what is no cursor of such a list. */
export function decodeOffsetCursor(cursor: string): number {
  return Number(decoded(cursor, /^o(\d{1,9})$/)[0]);
}

function decoded(cursor: string, form: RegExp): string[] {
  const found = form.exec(Buffer.from(cursor, "base64url").toString());
  if (found) return found.slice(1);
  const message = "cursor must be the next_cursor of a page";
  throw new Problem("invalid_request", `${message}.`, {
    errors: [{ path: ["cursor"], message, code: "invalid_format" }],
  });
}
