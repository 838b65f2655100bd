/** Rows by key, that outlive the process. Keys are compared as strings. */
export interface OutboxStore {
  /** All rows whose key begins so, in the order of keys. */
  read(prefix: string): Promise<[key: string, value: unknown][]>;
  /** All of it or nothing, and resolved only when it is durable. Of a prefix all rows are deleted; then it is put. */
  write(change: {
    deletePrefixes?: readonly string[];
    put?: readonly (readonly [string, unknown])[];
  }): Promise<void>;
}

/** For processes that need nothing to outlive them, and for tests. Values are kept as they were at the time. */
export class MemoryOutboxStore implements OutboxStore {
  readonly rows = new Map<string, unknown>();

  async read(prefix: string): Promise<[string, unknown][]> {
    return [...this.rows]
      .filter(([key]) => key.startsWith(prefix))
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, value]) => [key, structuredClone(value)]);
  }

  async write({ deletePrefixes = [], put = [] }: Parameters<OutboxStore["write"]>[0]): Promise<void> {
    for (const key of [...this.rows.keys()]) {
      if (deletePrefixes.some((prefix) => key.startsWith(prefix))) this.rows.delete(key);
    }
    for (const [key, value] of put) this.rows.set(key, structuredClone(value));
  }
}
