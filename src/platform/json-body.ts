import { createMiddleware } from "hono/factory";
import { Problem } from "./problem.ts";
import type { RequestContext } from "./request-context.ts";

/**
 * Reads the body of a request, at most `maxBytes` of it, as strict UTF-8 (RFC 8259 §8.1): the platform's own decoder
 * would replace what is not UTF-8, and a document would silently be another than the one that was sent.
 */
export function jsonBody(maxBytes: number) {
  return createMiddleware<RequestContext>(async (c, next) => {
    if (c.req.raw.body) {
      c.req.raw = new Request(c.req.raw, { body: await readUtf8(c.req.raw, { maxBytes, ignoreBOM: false }) });
    }
    await next();
  });
}

/** The body as strict UTF-8; `ignoreBOM`, as `TextDecoder` calls it, leaves a byte order mark in the text. */
export async function readUtf8(
  { body, headers }: Request,
  { maxBytes, ignoreBOM }: { maxBytes: number; ignoreBOM: boolean },
): Promise<string> {
  if (!body) return "";
  if (Number(headers.get("content-length") ?? 0) > maxBytes) throw tooLarge(maxBytes);
  return decode(await readAtMost(body, maxBytes), ignoreBOM);
}

/** The length that the sender announces may be a lie or absent, so the bytes are counted. */
async function readAtMost(body: ReadableStream<Uint8Array>, maxBytes: number): Promise<Uint8Array[]> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.byteLength;
    if (size > maxBytes) throw tooLarge(maxBytes);
    chunks.push(chunk);
  }
  return chunks;
}

function decode(chunks: Uint8Array[], ignoreBOM: boolean): string {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM });
  try {
    return chunks.map((chunk) => decoder.decode(chunk, { stream: true })).join("") + decoder.decode();
  } catch {
    throw new Problem("invalid_request", "The body is not UTF-8.");
  }
}

function tooLarge(maxBytes: number): Problem {
  return new Problem("payload_too_large", `The body has more than ${maxBytes} bytes.`);
}
