import { parseOperation } from "../ot/parse.ts";
import { limits } from "../protocol/limits.ts";
import {
  type Bundle,
  type BundleActor,
  type BundleHead,
  type BundleOperation,
  bundleFormat,
} from "./bundle.ts";

/** Code units of one line: the largest text, every character escaped. And of a whole bundle: what a browser's tab can hold. */
const lineUnits = 6 * limits.textUnits + 1_048_576;
const bundleUnits = 1_073_741_824;

/** Transforming may add parts to an operation, so those of a bundle may have more than a client's. */
const operationLimits = { insertUnits: limits.textUnits, parts: limits.textUnits };

/** What was read is no bundle. `line` counts from 1. */
export class BundleError extends Error {
  override readonly name = "BundleError";
  readonly line: number;

  constructor(line: number, what: string) {
    super(`Line ${line}: ${what}`);
    this.line = line;
  }
}

type Fields = Record<string, unknown>;

/** Reads a bundle bit by bit: `push` pieces of its text, then `end`. Both throw BundleError on what is none. */
export class BundleReader {
  #head: BundleHead | undefined;
  readonly #actors = new Map<number, BundleActor>();
  readonly #operations: BundleOperation[] = [];
  #rest = "";
  #line = 0;
  #units = 0;
  #hasEnded = false;
  #taken = 0;
  #takenActors = 0;

  /** Operations read so far, and how many there are to be. */
  get progress(): { read: number; of: number } {
    const { version = 0, horizon = 0 } = this.#head ?? {};
    return { read: this.#taken + this.#operations.length, of: version - horizon };
  }

  push(text: string): void {
    this.#units += text.length;
    if (this.#units > bundleUnits) throw this.#error(`a bundle has at most ${bundleUnits} code units`);
    if (text.includes("\n")) {
      const lines = (this.#rest + text).split("\n");
      this.#rest = lines.pop() ?? "";
      for (const line of lines) this.#read(line);
    } else {
      // Not looked through again and again: a line may come in a thousand pieces.
      this.#rest += text;
    }
    if (this.#rest.length > lineUnits) throw this.#error(`a line has at most ${lineUnits} code units`);
  }

  end(): Bundle {
    if (this.#rest !== "") this.#read(this.#rest);
    this.#rest = "";
    if (!this.#head) throw this.#error("there is nothing");
    if (!this.#hasEnded) throw this.#error(`the bundle is cut off behind version ${this.#reached}`);
    return { head: this.#head, actors: this.#actors, operations: this.#operations };
  }

  /** Takes out what was read since: of a large bundle not everything need be in memory. `end` answers what came after. */
  take(): { head: BundleHead | undefined; actors: BundleActor[]; operations: BundleOperation[] } {
    const operations = this.#operations.splice(0);
    this.#taken += operations.length;
    const actors = [...this.#actors.values()].slice(this.#takenActors);
    this.#takenActors += actors.length;
    return { head: this.#head, actors, operations };
  }

  get #reached(): number {
    return (this.#head?.horizon ?? 0) + this.#taken + this.#operations.length;
  }

  #read(line: string): void {
    this.#line += 1;
    if (this.#hasEnded) throw this.#error("something stands behind the end");
    if (line.length > lineUnits) throw this.#error(`a line has at most ${lineUnits} code units`);
    const fields = this.#parse(line);
    if (!this.#head) this.#head = this.#headOf(fields);
    else if ("op" in fields) this.#operations.push(this.#operation(fields));
    else if ("user_id" in fields) this.#addActor(fields);
    else if ("failed" in fields)
      throw this.#error(
        `the service stopped: ${this.#text(fields, "failed")}, ${this.#text(fields, "detail")}`,
      );
    else if ("end" in fields) this.#close(fields);
    else throw this.#error("neither an actor, nor an operation, nor the end");
  }

  #parse(line: string): Fields {
    let value: unknown;
    try {
      value = JSON.parse(line);
    } catch {
      throw this.#error(this.#line === 1 ? "this is no bundle" : "this is no JSON");
    }
    if (typeof value !== "object" || value === null || Array.isArray(value))
      throw this.#error("this is no JSON object");
    return value as Fields;
  }

  #headOf(fields: Fields): BundleHead {
    if (!("materi_bundle" in fields)) throw this.#error("this is no bundle");
    if (fields.materi_bundle !== bundleFormat)
      throw this.#error(`this is a bundle of another format; this software reads format ${bundleFormat}`);
    const horizon = this.#count(fields, "horizon");
    const version = this.#count(fields, "version", horizon);
    const text = this.#text(fields, "text");
    if (!text.isWellFormed()) throw this.#error("`text` holds half a surrogate pair");
    const { points, names } = fields;
    if (!Array.isArray(points)) throw this.#error("`points` is no list");
    const note = fields.note === undefined ? undefined : this.#text(fields, "note");
    const servedHash = fields.served_hash === undefined ? undefined : this.#count(fields, "served_hash");
    return {
      documentId: this.#text(fields, "document_id"),
      epoch: this.#text(fields, "epoch"),
      software: this.#text(fields, "software"),
      exportedAt: this.#text(fields, "exported_at"),
      horizon,
      text,
      version,
      ...(servedHash !== undefined && { servedHash }),
      originsFrom: this.#count(fields, "origins_from"),
      points: points.map((point: unknown) => {
        const [at, sum] = Array.isArray(point) ? point : [];
        if (!isCount(at) || !isCount(sum)) throw this.#error("`points` holds something that is no point");
        return { version: at, sum };
      }),
      ...(names !== undefined && { names: this.#names(names) }),
      isAnonymized: fields.anonymized === true,
      ...(note !== undefined && { note }),
    };
  }

  #names(names: unknown): NonNullable<BundleHead["names"]> {
    if (!Array.isArray(names)) throw this.#error("`names` is no list");
    return names.map((value: unknown) => {
      const named = (typeof value === "object" && value !== null ? value : {}) as Fields;
      return {
        version: this.#count(named, "version"),
        name: this.#text(named, "name"),
        author: { userId: this.#text(named, "user_id"), kind: this.#kind(named) },
        at: this.#count(named, "at"),
      };
    });
  }

  #kind({ kind }: Fields): BundleActor["kind"] {
    if (kind !== "person" && kind !== "program" && kind !== "import")
      throw this.#error("`kind` is none that there is");
    return kind;
  }

  #addActor(fields: Fields): void {
    const actor = this.#count(fields, "actor");
    if (this.#actors.has(actor)) throw this.#error(`actor ${actor} stands twice`);
    const kind = this.#kind(fields);
    const clientId = fields.client_id === null ? null : this.#text(fields, "client_id");
    this.#actors.set(actor, { actor, clientId, userId: this.#text(fields, "user_id"), kind });
  }

  #operation(fields: Fields): BundleOperation {
    const version = this.#count(fields, "version");
    if (version !== this.#reached + 1)
      throw this.#error(`version ${version} stands behind version ${this.#reached}`);
    const actor = this.#count(fields, "actor");
    if (!this.#actors.has(actor)) throw this.#error(`actor ${actor} was not introduced`);
    const parsed = parseOperation(fields.op, operationLimits);
    if (!parsed.ok) throw this.#error(`\`op\`: ${parsed.detail}`);
    const base = fields.base === undefined ? undefined : this.#count(fields, "base");
    if (base !== undefined && base >= version) throw this.#error("`base` is not before `version`");
    return {
      version,
      at: this.#count(fields, "at"),
      actor,
      seq: this.#count(fields, "seq", 1),
      ...(base !== undefined && { base }),
      operation: parsed.operation,
      ...(fields.latency_ms !== undefined && { latencyMs: this.#count(fields, "latency_ms") }),
      ...(fields.hash !== undefined && { hash: this.#count(fields, "hash") }),
    };
  }

  #close(fields: Fields): void {
    const end = this.#count(fields, "end");
    if (end !== this.#reached || end !== this.#head?.version)
      throw this.#error(`the bundle ends at version ${this.#reached}, and says ${end}`);
    this.#hasEnded = true;
  }

  /** A whole number that is at least `least`. */
  #count(fields: Fields, name: string, least = 0): number {
    const value = fields[name];
    if (!isCount(value) || value < least)
      throw this.#error(`\`${name}\` is no whole number from ${least} on`);
    return value;
  }

  #text(fields: Fields, name: string): string {
    const value = fields[name];
    if (typeof value !== "string") throw this.#error(`\`${name}\` is no text`);
    return value;
  }

  #error(what: string): BundleError {
    return new BundleError(Math.max(1, this.#line), what);
  }
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
