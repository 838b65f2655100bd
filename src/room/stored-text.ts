import { crc32, deflateRawSync, inflateRawSync } from "node:zlib";
import type { Snapshot } from "./operation-log.ts";
import { rowUnits } from "./segment-runs.ts";

/** The tables that hold a text in parts. */
export type TextTable = "snapshot" | "base" | `${"new" | "incoming"}_${"snapshot" | "base"}`;

/** A part as it lies in its row: as it is, or packed. */
type PartRow = { text: string | ArrayBuffer };

export function readText(sql: SqlStorage, table: TextTable): string {
  return joined(sql.exec<PartRow>(`SELECT text FROM ${table} ORDER BY part`).toArray());
}

/** The snapshot's text, and what was saved beside it. */
export function readSnapshot(sql: SqlStorage): Omit<Snapshot, "version"> {
  const parts = sql
    .exec<PartRow & { chunk_hashes: ArrayBuffer | null }>("SELECT * FROM snapshot ORDER BY part")
    .toArray();
  const saved = parts[0]?.chunk_hashes;
  return { text: joined(parts), ...(saved && { chunkHashes: new Uint32Array(saved) }) };
}

const joined = (parts: readonly PartRow[]): string =>
  parts.map(({ text }) => (typeof text === "string" ? text : unpack(new Uint8Array(text)))).join("");

/** Replaces a text. Packing costs time (some 10 ms for a part): not where somebody waits for a commit. */
export function writePackedText(sql: SqlStorage, table: TextTable, text: string): void {
  sql.exec(`DELETE FROM ${table}`);
  for (const [part, partText] of splitText(text).entries()) {
    sql.exec(`INSERT INTO ${table} (part, text) VALUES (?, ?)`, part, pack(partText));
  }
}

/** Replaces the snapshot, within a commit. What belongs to all of it lies beside its first part. */
export function writeSnapshot(sql: SqlStorage, { text, chunkHashes }: Omit<Snapshot, "version">): void {
  sql.exec("DELETE FROM snapshot");
  for (const [part, partText] of splitText(text).entries()) {
    const saved = part === 0 ? (chunkHashes?.buffer ?? null) : null;
    sql.exec("INSERT INTO snapshot VALUES (?, ?, ?)", part, partText, saved);
  }
}

/** Bytes that a text takes as it lies there; its parts are not read. */
export const storedBytes = (sql: SqlStorage, table: TextTable): number =>
  sql.exec<{ bytes: number }>(`SELECT coalesce(sum(octet_length(text)), 0) AS bytes FROM ${table}`).one()
    .bytes;

/** Packs what lies there as it is; whether there was anything. */
export function packText(sql: SqlStorage, table: TextTable): boolean {
  const plain = sql
    .exec<{ part: number; text: string }>(`SELECT part, text FROM ${table} WHERE typeof(text) = 'text'`)
    .toArray();
  for (const { part, text } of plain) {
    sql.exec(`UPDATE ${table} SET text = ? WHERE part = ?`, pack(text), part);
  }
  return plain.length > 0;
}

/** CRC-32 of the text's UTF-8, and the same deflated. */
export function pack(text: string): Uint8Array<ArrayBuffer> {
  const bytes = new TextEncoder().encode(text);
  const deflated = deflateRawSync(bytes, { level: 9 });
  const packed = new Uint8Array(4 + deflated.length);
  new DataView(packed.buffer).setUint32(0, crc32(bytes), true);
  packed.set(deflated, 4);
  return packed;
}

export function unpack(packed: Uint8Array): string {
  const bytes = inflateRawSync(packed.subarray(4), { maxOutputLength: 3 * rowUnits });
  const sum = new DataView(packed.buffer, packed.byteOffset, packed.byteLength).getUint32(0, true);
  if (crc32(bytes) !== sum) throw new Error("a part of a text has a wrong sum");
  return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
}

/** Parts of at most `rowUnits`, none ending within a surrogate pair (SQLite stores UTF-8, which has no half pairs). */
export function splitText(text: string): string[] {
  const parts: string[] = [];
  for (let start = 0; start < text.length; ) {
    let end = Math.min(start + rowUnits, text.length);
    const last = text.charCodeAt(end - 1);
    if (end < text.length && last >= 0xd800 && last <= 0xdbff) end -= 1;
    parts.push(text.slice(start, end));
    start = end;
  }
  return parts;
}
