import { type HashedChunk, isLowSurrogate, type Text } from "./text.ts";
import { powers } from "./text-hash.ts";

/** To be stored beside a text: for each of its chunks the code units and the two sums of its hash. */
export function chunkHashesOf(text: Text): Uint32Array<ArrayBuffer> {
  const chunks = text.hashedChunks();
  const hashes = new Uint32Array(3 * chunks.length);
  for (const [index, { text: chunk, hash }] of chunks.entries()) {
    hashes.set([chunk.length, hash.first, hash.second], 3 * index);
  }
  return hashes;
}

/** The chunks of `text`, from what `chunkHashesOf` gave; undefined where it was of a text of another length. */
export function chunksOf(text: string, chunkHashes: Uint32Array): HashedChunk[] | undefined {
  const chunks: HashedChunk[] = [];
  // Chunks are of few lengths.
  const powersOf = new Map<number, ReturnType<typeof powers>>();
  let start = 0;
  for (let index = 0; index + 2 < chunkHashes.length; index += 3) {
    const units = chunkHashes[index]!;
    if (isLowSurrogate(text.charCodeAt(start))) return undefined;
    const known = powersOf.get(units) ?? powers(units);
    powersOf.set(units, known);
    const hash = { first: chunkHashes[index + 1]!, second: chunkHashes[index + 2]!, ...known };
    chunks.push({ text: text.slice(start, start + units), hash });
    start += units;
  }
  return start === text.length && chunks.length > 0 ? chunks : undefined;
}
