import type { Actor } from "./operation-log.ts";

/** Who writes. */
export type Writer = Omit<Actor, "actor">;

const keyOf = ({ clientId, userId, kind }: Writer): string => JSON.stringify([clientId, userId, kind]);

/**
 * Gives each (client id, user, kind) its small number, once. A number is stored with the first operation that bears
 * it, so a reader costs no row; until then the sockets themselves hold it (`restore`).
 */
export class ActorRegistry {
  readonly #byKey = new Map<string, Actor>();
  readonly #byNumber = new Map<number, Actor>();
  readonly #stored = new Set<number>();
  #last = 0;

  constructor(stored: readonly Actor[]) {
    for (const actor of stored) {
      this.#add(actor);
      this.#stored.add(actor.actor);
    }
  }

  /** Takes back a number that a socket was given before memory was lost. */
  restore(actor: Actor): void {
    if (!this.#byKey.has(keyOf(actor))) this.#add(actor);
  }

  find(writer: Writer): Actor | undefined {
    return this.#byKey.get(keyOf(writer));
  }

  intern(writer: Writer): Actor {
    const known = this.#byKey.get(keyOf(writer));
    if (known) return known;
    const actor: Actor = { actor: this.#last + 1, ...writer };
    this.#add(actor);
    return actor;
  }

  /** Gives up a number that nobody uses any more and no operation bears: hello after hello must not fill memory. */
  forget(actor: Actor): void {
    if (this.#stored.has(actor.actor)) return;
    this.#byKey.delete(keyOf(actor));
    this.#byNumber.delete(actor.actor);
  }

  get(actor: number): Actor | undefined {
    return this.#byNumber.get(actor);
  }

  /** All that have a number. */
  get all(): Actor[] {
    return [...this.#byNumber.values()];
  }

  isStored(actor: Actor): boolean {
    return this.#stored.has(actor.actor);
  }

  markStored(actors: readonly Actor[]): void {
    for (const { actor } of actors) this.#stored.add(actor);
  }

  #add(actor: Actor): void {
    this.#byKey.set(keyOf(actor), actor);
    this.#byNumber.set(actor.actor, actor);
    this.#last = Math.max(this.#last, actor.actor);
  }
}
