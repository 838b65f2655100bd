import { createReadStream, existsSync } from "node:fs";
import { open } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import type { Bundle } from "../../src/time-travel/bundle.ts";
import { BundleError, BundleReader } from "../../src/time-travel/bundle-reader.ts";
import { InspectFailure } from "./failure.ts";

export interface Service {
  url: string;
  /** The operator's. */
  token: string | undefined;
}

/** Milliseconds between two lines about how far it is. */
const tellMs = 200;

/** Reads a bundle from a file, or has the service export a document. Throws InspectFailure. */
export async function readBundle(place: string, service: Service): Promise<Bundle> {
  if (existsSync(place)) return fromFile(place);
  if (!/^[0-9a-f-]{36}$/i.test(place))
    throw new InspectFailure("usage", `${place} is no file, and no document's id.`);
  return fromService(place, service);
}

async function fromFile(path: string): Promise<Bundle> {
  const file = await open(path);
  const { buffer } = await file.read({ buffer: new Uint8Array(2) });
  await file.close();
  const isPacked = buffer[0] === 0x1f && buffer[1] === 0x8b;
  const reader = new BundleReader();
  const take = async (chunks: AsyncIterable<Uint8Array>) => readAll(reader, chunks);
  try {
    if (isPacked) await pipeline(createReadStream(path), createGunzip(), take);
    else await pipeline(createReadStream(path), take);
    return reader.end();
  } catch (error) {
    if (error instanceof InspectFailure) throw error;
    throw new InspectFailure("bundle", `${path}: ${(error as Error).message}`);
  }
}

async function fromService(documentId: string, { url, token }: Service): Promise<Bundle> {
  if (!token) throw new InspectFailure("usage", "Set MATERI_ADMIN_TOKEN to the service's ADMIN_TOKEN.");
  let response: Response;
  try {
    response = await fetch(`${url}/api/v1/admin/documents/${documentId}/export`, {
      headers: { authorization: `Bearer ${token}` },
    });
  } catch {
    throw new InspectFailure("server", `There is no server at ${url}.`);
  }
  if (!response.ok || !response.body) {
    const { error, detail } = (await response.json().catch(() => ({}))) as Record<string, string>;
    throw new InspectFailure("refused", `Refused: ${error ?? response.status}. ${detail ?? ""}`);
  }
  const reader = new BundleReader();
  try {
    await readAll(reader, response.body);
    return reader.end();
  } catch (error) {
    if (error instanceof BundleError) throw new InspectFailure("bundle", `${url}: ${error.message}`);
    throw new InspectFailure("server", `${url} went away while it exported the document.`);
  }
}

async function readAll(reader: BundleReader, chunks: AsyncIterable<Uint8Array>): Promise<void> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  const isSeen = process.stderr.isTTY;
  let told = Date.now();
  for await (const chunk of chunks) {
    reader.push(decoder.decode(chunk, { stream: true }));
    if (!isSeen || Date.now() - told < tellMs) continue;
    told = Date.now();
    const { read, of } = reader.progress;
    process.stderr.write(`\r${read.toLocaleString("en-US")} of ${of.toLocaleString("en-US")} operations`);
  }
  reader.push(decoder.decode());
  if (isSeen) process.stderr.write("\r\u001b[K");
}
