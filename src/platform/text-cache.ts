/** Texts in memory, up to so many code units together: those that were not asked for longest make room. */
export class TextCache<Entry extends { content: string }> {
  readonly #most: number;
  /** The one that was asked for last is last. */
  readonly #entries = new Map<string, Entry>();
  #units = 0;

  /** `most` in UTF-16 code units, of which each takes two bytes at most. */
  constructor(most: number) {
    this.#most = most;
  }

  get(key: string): Entry | undefined {
    const entry = this.#entries.get(key);
    if (entry) {
      this.#entries.delete(key);
      this.#entries.set(key, entry);
    }
    return entry;
  }

  /** In place of what was there. */
  set(key: string, entry: Entry): void {
    this.delete(key);
    if (entry.content.length > this.#most) return;
    this.#entries.set(key, entry);
    this.#units += entry.content.length;
    for (const oldest of this.#entries.keys()) {
      if (this.#units <= this.#most) return;
      this.delete(oldest);
    }
  }

  delete(key: string): void {
    this.#units -= this.#entries.get(key)?.content.length ?? 0;
    this.#entries.delete(key);
  }

  /** Code units that are held. */
  get units(): number {
    return this.#units;
  }
}
