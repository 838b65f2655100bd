/** One change of a text; all in UTF-16 units. */
export interface Edit {
  readonly position: number;
  readonly deleted: number;
  readonly inserted: string;
}

/** The text that came of it; asked for when nothing is measured. */
export type Outcome = () => string;

/** What is measured. */
export type Run = () => Outcome;

/** Makes the state that a run begins with and that it uses up; not measured. */
export type Trial = () => Run;

/** A library, as far as it has such a thing. What is made once for all trials is made when the method is called. */
export interface Engine {
  /** Edits, each made on what the one before left: from what travels of each, checked, to the text. */
  receive?(start: string, edits: readonly Edit[]): Trial;
  /** The same edits, from the library's own form of an operation in memory. */
  apply?(start: string, edits: readonly Edit[]): Trial;
  /** The same edits, from what travels to operations in memory, checked. */
  parse?(start: string, edits: readonly Edit[]): Trial;
  /**
   * Each of `own` was made on `start` (so they are concurrent), when of the others none had come: brings each onto the text that the
   * others, accepted one by one, have left. Of the outcome all `own` are part.
   */
  transform?(start: string, own: readonly Edit[], others: readonly Edit[]): Trial;
  /** Makes one operation of edits that were made one after the other, as they come. */
  compose?(start: string, edits: readonly Edit[]): Trial;
}

/** The text with each of these inserted at a place that was told for itself alone. */
export function withEach(text: string, inserts: readonly { position: number; inserted: string }[]): string {
  const parts: string[] = [];
  let from = 0;
  for (const { position, inserted } of inserts.toSorted((a, b) => a.position - b.position)) {
    parts.push(text.slice(from, position), inserted);
    from = position;
  }
  return [...parts, text.slice(from)].join("");
}
