import { insertedUnits, lengthChange } from "../ot/operation.ts";
import type { Flush } from "./operation-log.ts";
import type { Author } from "./room-api.ts";

/** What one author did in a change: operations, and UTF-16 units. */
export interface AuthorShare extends Author {
  operations: number;
  inserted: number;
  deleted: number;
}

/** Operations that belong together, one after the other. */
export interface Change {
  /** Versions of the first and the last of them. */
  first: number;
  last: number;
  /** Milliseconds since the epoch, to the second. */
  startedAt: number;
  endedAt: number;
  /** In the order in which they began. */
  authors: AuthorShare[];
}

/** Milliseconds: a pause that ends a change; one after which another author begins another change. */
const pause = { any: 300_000, otherAuthor: 10_000 };

/** No change goes on past a multiple of so many versions: 20 minutes of typing, and what is read at once. */
export const windowVersions = 4_096;

/**
 * The operations with versions `from` + 1 … `to` as changes, oldest first: what one author wrote without a pause, and what
 * several wrote at the same time. Where a change begins is decided by its first operation and the one before it alone, so
 * that pages of a history fit together however they are cut.
 */
export function changesIn(
  flushes: Iterable<Flush>,
  { from, to }: { from: number; to: number },
  authorOf: (actor: number) => Author,
): Change[] {
  const changes: Change[] = [];
  let before: { author: Author; at: number } | undefined;
  for (const flush of flushes) {
    if (flush.from > to) break;
    for (const [index, { actor, operation }] of flush.entries.entries()) {
      const version = flush.from + index;
      if (version <= from || version > to) continue;
      const author = authorOf(actor);
      let change = changes.at(-1);
      if (!change || !before || version % windowVersions === 1 || isBreak(before, author, flush.at)) {
        change = { first: version, last: version, startedAt: flush.at, endedAt: flush.at, authors: [] };
        changes.push(change);
      }
      before = { author, at: flush.at };
      change.last = version;
      change.endedAt = Math.max(change.endedAt, flush.at);
      const share = shareOf(change, author);
      const inserted = insertedUnits(operation);
      share.operations += 1;
      share.inserted += inserted;
      share.deleted += inserted - lengthChange(operation);
    }
  }
  return changes;
}

function isBreak(before: { author: Author; at: number }, author: Author, at: number): boolean {
  return at - before.at >= (isSame(before.author, author) ? pause.any : pause.otherAuthor);
}

const isSame = (a: Author, b: Author): boolean => a.userId === b.userId && a.kind === b.kind;

function shareOf({ authors }: Change, { userId, kind }: Author): AuthorShare {
  const known = authors.find((share) => isSame(share, { userId, kind }));
  if (known) return known;
  const share = { userId, kind, operations: 0, inserted: 0, deleted: 0 };
  authors.push(share);
  return share;
}
