import { OperationBuilder } from "../ot/operation.ts";
import { Text } from "../ot/text.ts";
import type { Actor } from "./operation-log.ts";
import type { Replayed } from "./replay.ts";
import type { Author } from "./room-api.ts";

/** Code units `from` … `to` of a text, and who wrote them; null: it is not known any more. */
export interface AuthoredSpan {
  from: number;
  to: number;
  author: Author | null;
}

/** Units below and above those that are half of a surrogate pair. */
const codes = { below: 0xd800, all: 0x10000 - 0x800 };

/**
 * Who wrote each unit of a text, itself held as a text: one unit for each, which stands for an author. So it is edited,
 * kept and packed as texts are. Unit 0 is for what is older than the history that is kept (and for the authors after the
 * 63,487th).
 */
export class Authorship {
  readonly #authors: Author[] = [];
  /** By the number of an actor. */
  readonly #units = new Map<number, string>();

  /** Of all actors by their numbers, so that an author's unit never changes: actors are only added. */
  constructor(actors: readonly Actor[]) {
    const byAuthor = new Map<string, string>();
    for (const { actor, userId, kind } of actors.toSorted((a, b) => a.actor - b.actor)) {
      const key = JSON.stringify([userId, kind]);
      let unit = byAuthor.get(key);
      if (unit === undefined) {
        this.#authors.push({ userId, kind });
        unit = unitOf(this.#authors.length);
        byAuthor.set(key, unit);
      }
      this.#units.set(actor, unit);
    }
  }

  get replayed(): Replayed<Text> {
    return {
      kind: "authors",
      begin: ({ text }) => Text.from(unitOf(0).repeat(text.length)),
      apply: (authors, { actor, operation }) => {
        const unit = this.#units.get(actor) ?? unitOf(0);
        const builder = new OperationBuilder();
        for (const part of operation) {
          if (typeof part === "string") builder.insert(unit.repeat(part.length));
          else if (part > 0) builder.retain(part);
          else builder.delete(-part);
        }
        authors.apply(builder.build());
      },
      save: (authors) => authors.toString(),
      restore: (saved) => Text.from(saved),
      units: (authors) => authors.length,
    };
  }

  /** The first `most` spans from a position on, neighbours being of different authors. */
  spans(authors: Text, start: number, most: number): AuthoredSpan[] {
    const units = authors.toString();
    const spans: AuthoredSpan[] = [];
    for (let from = start; from < units.length && spans.length < most; ) {
      const unit = units.charCodeAt(from);
      let to = from + 1;
      while (to < units.length && units.charCodeAt(to) === unit) to += 1;
      spans.push({ from, to, author: this.#authors[indexOf(unit) - 1] ?? null });
      from = to;
    }
    return spans;
  }
}

function unitOf(index: number): string {
  const code = index < codes.all ? index : 0;
  return String.fromCharCode(code < codes.below ? code : code + 0x800);
}

const indexOf = (unit: number): number => (unit < codes.below ? unit : unit - 0x800);
