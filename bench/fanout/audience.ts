/** One who writes, and many who watch. */
export interface Audience {
  /** The writer makes one edit. */
  edit(): void;
  /** Edits that have come to viewers, one for each edit and viewer. Throws, from where it comes, at an edit out of its turn. */
  readonly delivered: number;
  /** Milliseconds from the writer's edit to each delivery. */
  readonly waits: readonly number[];
  /** Milliseconds from the writer's edit until the writer heard that it is durable. */
  readonly ackWaits: readonly number[];
  /** Throws if a viewer has something else than the service; to be asked when all is delivered. */
  verify(): Promise<void>;
  close(): void;
}

/** A service with a document that one person writes and others watch. */
export interface AudienceService {
  name: string;
  /** Opens a new document to so many viewers. */
  open(viewers: number): Promise<Audience>;
}

/** So many at once come in. */
const atOnce = 25;

/** `open` for each number from 0 on. */
export async function openAll<T>(count: number, open: (number: number) => Promise<T>): Promise<T[]> {
  const opened: T[] = [];
  while (opened.length < count) {
    const some = Math.min(atOnce, count - opened.length);
    const first = opened.length;
    opened.push(...(await Promise.all(Array.from({ length: some }, (_, number) => open(first + number)))));
  }
  return opened;
}
