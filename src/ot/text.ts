import type { Operation } from "./operation.ts";
import { hashOf, hashOfAll, type TextHash } from "./text-hash.ts";

/** Why an operation does not fit a text. */
export type Misfit = "out_of_range" | "splits_surrogate";

/** An operation does not fit the text that it was to be applied to. */
export class OperationError extends Error {
  override readonly name = "OperationError";
  readonly code: Misfit;

  constructor(code: Misfit) {
    super(
      code === "out_of_range"
        ? "The operation reaches past the text."
        : "The operation splits a surrogate pair.",
    );
    this.code = code;
  }
}

/** Code units of a chunk: an edit copies one chunk, finding it walks over their number (docs/decisions/0001). */
const chunkUnits = { target: 512, max: 1024, min: 128 };

export interface HashedChunk {
  readonly text: string;
  readonly hash: TextHash;
}

interface KnownHash {
  known?: TextHash | undefined;
}

/**
 * A long text that is edited in place: strings of some hundred code units, and the place of the last access, so
 * that neighbouring edits find their chunk at once. It is well-formed, and no chunk begins inside a surrogate pair.
 */
export class Text {
  /** Never empty; none is empty unless it is the only one. */
  #chunks: string[];
  /** Of every chunk, its code units: a walk over numbers that lie side by side takes a tenth of one over the strings. */
  #units: number[];
  /** Of every chunk, once it was asked for; a copy of the text shares them. */
  #hashes: KnownHash[];
  #length: number;
  /** The last access: a chunk, and the position where it begins. */
  #index = 0;
  #start = 0;

  private constructor(chunks: string[], hashes: KnownHash[], length: number) {
    this.#chunks = chunks;
    this.#units = chunks.map((chunk) => chunk.length);
    this.#hashes = hashes;
    this.#length = length;
  }

  /**
   * Throws RangeError if `text` holds half a surrogate pair. `chunks`, which must be those of the text, spare the first
   * `hash()` the whole way.
   */
  static from(text: string, chunks?: readonly HashedChunk[]): Text {
    if (!text.isWellFormed()) throw new RangeError("The text holds half a surrogate pair.");
    const pieces = chunks?.map((chunk) => chunk.text) ?? split(text);
    return new Text(
      pieces,
      pieces.map((_, index) => ({ known: chunks?.[index]?.hash })),
      text.length,
    );
  }

  /** UTF-16 code units. */
  get length(): number {
    return this.#length;
  }

  /** Why `operation` does not fit this text; undefined if it does. */
  check(operation: Operation): Misfit | undefined {
    let position = 0;
    for (const part of operation) {
      if (typeof part === "string") continue;
      position += Math.abs(part);
      if (position > this.#length) return "out_of_range";
      if (this.#insidePair(position)) return "splits_surrogate";
    }
    return undefined;
  }

  /** Applies `operation`, or throws OperationError and has changed nothing. */
  apply(operation: Operation): void {
    const misfit = this.check(operation);
    if (misfit) throw new OperationError(misfit);
    let position = 0;
    for (const part of operation) {
      if (typeof part === "string") {
        this.#insert(position, part);
        position += part.length;
      } else if (part > 0) {
        position += part;
      } else {
        this.#delete(position, -part);
      }
    }
  }

  /** The code units from `from` up to `to`, both within the text. */
  slice(from: number, to: number): string {
    if (from >= to) return "";
    this.#seek(from);
    const offset = from - this.#start;
    let index = this.#index;
    let result = this.#chunks[index]!.slice(offset, offset + to - from);
    while (result.length < to - from && ++index < this.#chunks.length) {
      result += this.#chunks[index]!.slice(0, to - from - result.length);
    }
    return result;
  }

  toString(): string {
    return this.#chunks.join("");
  }

  /** See text-hash.ts. Only chunks that have changed are read: after an edit of 1 MB it takes some tens of microseconds, and up to 0.4 ms where the hashes are not in a cache. */
  hash(): number {
    return hashOfAll(this.#chunks.map((_, index) => this.#hashOf(index)));
  }

  /** The chunks that it is in, and their hashes: see chunk-hashes.ts. */
  hashedChunks(): HashedChunk[] {
    return this.#chunks.map((text, index) => ({ text, hash: this.#hashOf(index) }));
  }

  #hashOf(index: number): TextHash {
    const hash = this.#hashes[index]!;
    hash.known ??= hashOf(this.#chunks[index]!);
    return hash.known;
  }

  /** An independent copy that shares the chunks: it costs three words for each. */
  clone(): Text {
    return new Text(this.#chunks.slice(), this.#hashes.slice(), this.#length);
  }

  /** Since the text is well-formed, a position is inside a pair just if a low surrogate follows. */
  #insidePair(position: number): boolean {
    this.#seek(position);
    const offset = position - this.#start;
    const chunk = this.#chunks[this.#index]!;
    return offset > 0 && offset < chunk.length && isLowSurrogate(chunk.charCodeAt(offset));
  }

  /** Makes the last access a chunk with start ≤ position ≤ end, walking from the nearest place that is known. */
  #seek(position: number): void {
    const units = this.#units;
    let index = this.#index;
    let start = this.#start;
    if (position < start) {
      if (position < start - position) {
        index = 0;
        start = 0;
      } else {
        do start -= units[--index]!;
        while (position < start);
      }
    } else if (this.#length - position < position - start) {
      index = units.length;
      start = this.#length;
      do start -= units[--index]!;
      while (position < start);
    }
    for (let end = start + units[index]!; position > end; end += units[index]!) {
      start = end;
      index++;
    }
    this.#index = index;
    this.#start = start;
  }

  #insert(position: number, text: string): void {
    this.#seek(position);
    const offset = position - this.#start;
    const chunk = this.#chunks[this.#index]!;
    this.#length += text.length;
    this.#replace(
      this.#index,
      this.#index + 1,
      offset === chunk.length ? chunk + text : chunk.slice(0, offset) + text + chunk.slice(offset),
    );
  }

  #delete(position: number, units: number): void {
    this.#seek(position);
    const chunks = this.#chunks;
    let from = this.#index;
    let to = from + 1;
    let left = chunks[from]!.slice(0, position - this.#start);
    let end = position - this.#start + units;
    while (end > chunks[to - 1]!.length) end -= chunks[to++ - 1]!.length;
    left += chunks[to - 1]!.slice(end);
    this.#length -= units;
    if (left.length < chunkUnits.min) {
      if (to < chunks.length) {
        left += chunks[to++]!;
      } else if (from > 0) {
        left = chunks[--from]! + left;
        this.#index = from;
        this.#start -= chunks[from]!.length;
      }
    }
    this.#replace(from, to, left);
  }

  #replace(from: number, to: number, text: string): void {
    if (to === from + 1 && text.length <= chunkUnits.max) {
      this.#chunks[from] = text;
      this.#units[from] = text.length;
      this.#hashes[from] = {};
      return;
    }
    const pieces = split(text);
    this.#chunks.splice(from, to - from, ...pieces);
    this.#units.splice(from, to - from, ...pieces.map((piece) => piece.length));
    this.#hashes.splice(from, to - from, ...pieces.map(() => ({})));
  }
}

/** Pieces of about one size, cut between characters. */
function split(text: string): string[] {
  if (text.length <= chunkUnits.max) return [text];
  const pieces: string[] = [];
  const size = Math.ceil(text.length / Math.ceil(text.length / chunkUnits.target));
  for (let start = 0; start < text.length; ) {
    let end = start + size;
    if (isLowSurrogate(text.charCodeAt(end))) end++;
    pieces.push(text.slice(start, end));
    start = end;
  }
  return pieces;
}

export function isLowSurrogate(unit: number): boolean {
  return (unit & 0xfc00) === 0xdc00;
}
