import { createMiddleware } from "hono/factory";
import { readUtf8 } from "./json-body.ts";
import { Problem } from "./problem.ts";
import type { RequestContext } from "./request-context.ts";

/** Media types that a text may be sent as; it is the same text. */
export const textTypes = ["text/plain", "text/markdown"] as const;

/**
 * Reads a body that is a text of one of the types, at most `maxBytes` of it, as strict UTF-8, into the variable `text`. A byte
 * order mark is part of it, which `Request.text` would drop.
 */
export function textBody(maxBytes: number, types: readonly string[] = textTypes) {
  return createMiddleware<RequestContext & { Variables: { text: string } }>(async (c, next) => {
    const [type = "", ...parameters] = (c.req.header("content-type") ?? "").toLowerCase().split(/\s*;\s*/);
    const charset = parameters.find((parameter) => parameter.startsWith("charset="))?.slice(8);
    if (!types.includes(type.trim()) || !/^("?)utf-?8\1$/.test(charset ?? "utf-8")) {
      const accept = types.join(", ");
      throw new Problem("unsupported_media_type", `Send the text as one of ${accept}, in UTF-8.`, {
        headers: { accept },
      });
    }
    const text = await readUtf8(c.req.raw, { maxBytes, ignoreBOM: true });
    c.set("text", text);
    // For who reads it once more.
    c.req.raw = new Request(c.req.raw, { body: text });
    await next();
  });
}
