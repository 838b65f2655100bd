import { encodeAuth } from "../../protocol/client-frames.ts";
import { backoff } from "../backoff.ts";

export interface RenewalPorts {
  /** Fetches an access token, as for a new connection. */
  token(): string | Promise<string>;
  send(frame: string): void;
  /** Milliseconds before the first and at most before any further try. */
  delays: { first: number; most: number };
}

/**
 * Renews the token of an open socket when the room says that it ends. While none is to be had it tries again, until
 * `cancel`; if the room gets none in time it closes the socket, and the session connects anew.
 */
export class Renewal {
  readonly #ports: RenewalPorts;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Counts what was begun and cancelled: a token that comes for an older one is not sent. */
  #current = 0;

  constructor(ports: RenewalPorts) {
    this.#ports = ports;
  }

  begin(): void {
    this.cancel();
    void this.#try(0);
  }

  /** The socket is gone, or has its token. */
  cancel(): void {
    this.#current += 1;
    clearTimeout(this.#timer);
  }

  async #try(attempt: number): Promise<void> {
    const current = this.#current;
    try {
      const token = await this.#ports.token();
      if (current === this.#current) this.#ports.send(encodeAuth(token));
    } catch {
      if (current !== this.#current) return;
      const { first, most } = this.#ports.delays;
      this.#timer = setTimeout(() => void this.#try(attempt + 1), backoff(attempt, first, most));
    }
  }
}
