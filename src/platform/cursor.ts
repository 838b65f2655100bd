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
  const [, createdAt, id] =
    /^(\d{1,15})\.([0-9a-f-]{36})$/.exec(Buffer.from(cursor, "base64url").toString()) ?? [];
  if (!createdAt || !id) {
    const message = "cursor must be the next_cursor of a page";
    throw new Problem("invalid_request", `${message}.`, {
      errors: [{ path: ["cursor"], message, code: "invalid_format" }],
    });
  }
  return { createdAt: Number(createdAt), id };
}
