export interface HeartbeatPorts {
  send(message: "ping"): void;
  /** The ping before got no answer, nor did anything else come: the connection is dead. */
  dead(): void;
  /** Pings were held back for longer than the room waits (a tab in the background), and now go out in time again. */
  back(): void;
}

/** Pings the server, which answers without waking the room, and notices when no answer comes. */
export class Heartbeat {
  readonly #ports: HeartbeatPorts;
  #timer: ReturnType<typeof setInterval> | undefined;
  #unanswered = false;
  #pingedAt = 0;
  #wasLate = false;

  constructor(ports: HeartbeatPorts) {
    this.#ports = ports;
  }

  start(pingSeconds: number, silenceSeconds: number): void {
    this.stop();
    // A server from before pings were announced (law WR-1).
    if (!(pingSeconds > 0)) return;
    this.#unanswered = false;
    this.#wasLate = false;
    this.#pingedAt = Date.now();
    this.#timer = setInterval(() => this.#ping(silenceSeconds * 1000), pingSeconds * 1000);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Something came. */
  heard(): void {
    this.#unanswered = false;
  }

  #ping(silence: number): void {
    if (this.#unanswered) {
      this.stop();
      this.#ports.dead();
      return;
    }
    const now = Date.now();
    const isLate = now - this.#pingedAt >= silence;
    if (this.#wasLate && !isLate) this.#ports.back();
    this.#wasLate = isLate;
    this.#pingedAt = now;
    this.#unanswered = true;
    this.#ports.send("ping");
  }
}
