import type { DocumentSession } from "../../src/client/document-session.ts";
import type { Operation } from "../../src/ot/operation.ts";

/**
 * Which edits a session's acknowledgements stand for: what is typed while one submission is in flight is composed into
 * the next.
 */
export class Writer {
  readonly session: DocumentSession;
  readonly #onAcknowledged: (edits: readonly number[], version: number) => void;
  #inFlight: number[] = [];
  #buffered: number[] = [];
  #operations = 0;
  #wake = () => {};

  constructor(session: DocumentSession, onAcknowledged: (edits: readonly number[], version: number) => void) {
    this.session = session;
    this.#onAcknowledged = onAcknowledged;
    session.on("acknowledged", ({ version }) => {
      this.#operations += 1;
      const next = this.#buffered;
      this.#onAcknowledged(this.#inFlight, version);
      this.#inFlight = next;
      this.#buffered = [];
      // A buffer that came to nothing is not sent.
      if (session.isSaved && next.length > 0) {
        this.#onAcknowledged(next, version);
        this.#inFlight = [];
      }
      this.#wake();
    });
  }

  /** Submissions that were acknowledged. */
  get operations(): number {
    return this.#operations;
  }

  type(edit: number, operation: Operation): void {
    const { session } = this;
    const wasSaved = session.isSaved;
    session.edit(operation);
    if (session.isSaved) this.#onAcknowledged([edit], session.version);
    else if (wasSaved) this.#inFlight.push(edit);
    else this.#buffered.push(edit);
  }

  /** Resolves when fewer than `most` edits are without their acknowledgement. */
  async hasRoom(most: number): Promise<void> {
    while (this.#inFlight.length + this.#buffered.length >= most) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}
