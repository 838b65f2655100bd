/** A stretch of a text that is shown in one way. */
export interface Stretch {
  text: string;
  mark?: "added" | "removed";
  /** Who wrote it. */
  author?: Author | null;
}

interface Author {
  user_id: string;
  name: string | null;
  kind: "person" | "program" | "import";
}

/** The text before, with what was taken out and put in since. `at` counts in UTF-16 code units of the text before. */
export function markedByEdits(
  before: string,
  edits: readonly { at: number; deleted: string; inserted: string }[],
): Stretch[] {
  const stretches: Stretch[] = [];
  let reached = 0;
  for (const { at, deleted, inserted } of edits) {
    if (at > reached) stretches.push({ text: before.slice(reached, at) });
    if (deleted) stretches.push({ text: deleted, mark: "removed" });
    if (inserted) stretches.push({ text: inserted, mark: "added" });
    reached = at + deleted.length;
  }
  if (reached < before.length) stretches.push({ text: before.slice(reached) });
  return stretches;
}

export function markedByAuthor(
  text: string,
  spans: readonly { from: number; to: number; author: Author | null }[],
): Stretch[] {
  return spans.map(({ from, to, author }) => ({ text: text.slice(from, to), author }));
}
