import type { OutboxStore } from "./outbox-store.ts";

const table = "outbox";

/**
 * The store of browsers. One database for each `owner` (a user's id), so that nobody sends what another has typed on the
 * same machine.
 */
export class IndexedDbOutboxStore implements OutboxStore {
  readonly #name: string;
  #database: Promise<IDBDatabase> | undefined;

  constructor(owner: string) {
    this.#name = `materi ${owner}`;
  }

  async read(prefix: string): Promise<[string, unknown][]> {
    const rows = (await this.#open()).transaction(table).objectStore(table);
    const [keys, values] = await Promise.all([
      done(rows.getAllKeys(under(prefix))),
      done(rows.getAll(under(prefix))),
    ]);
    return keys.map((key, index) => [String(key), values[index]]);
  }

  async write({ deletePrefixes = [], put = [] }: Parameters<OutboxStore["write"]>[0]): Promise<void> {
    // Strict: on the disk, and not only in the system's memory, before a frame is sent on the strength of it.
    const transaction = (await this.#open()).transaction(table, "readwrite", { durability: "strict" });
    const rows = transaction.objectStore(table);
    for (const prefix of deletePrefixes) rows.delete(under(prefix));
    for (const [key, value] of put) rows.put(value, key);
    await new Promise<void>((resolve, reject) => {
      transaction.oncomplete = () => resolve();
      transaction.onabort = () => reject(transaction.error);
    });
  }

  #open(): Promise<IDBDatabase> {
    this.#database ??= new Promise((resolve, reject) => {
      const opening = indexedDB.open(this.#name, 1);
      opening.onupgradeneeded = () => opening.result.createObjectStore(table);
      opening.onsuccess = () => {
        const database = opening.result;
        // Closed by the browser, or for a newer version of this library in another tab: opened again when it is needed.
        const forget = () => {
          database.close();
          this.#database = undefined;
        };
        database.onversionchange = forget;
        database.onclose = forget;
        resolve(database);
      };
      opening.onerror = () => {
        this.#database = undefined;
        reject(opening.error);
      };
    });
    return this.#database;
  }
}

const under = (prefix: string): IDBKeyRange => IDBKeyRange.bound(prefix, `${prefix}\uffff`);

const done = <T>(request: IDBRequest<T>): Promise<T> =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
