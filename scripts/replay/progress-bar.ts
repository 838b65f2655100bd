const width = 30;
const redrawMilliseconds = 100;

/** A bar in the last line of a terminal; on what is none, nothing. */
export class ProgressBar {
  readonly #stream: NodeJS.WriteStream;
  readonly #total: number;
  readonly #timer: ReturnType<typeof setInterval> | undefined;
  done = 0;

  constructor(stream: NodeJS.WriteStream, total: number) {
    this.#stream = stream;
    this.#total = total;
    if (stream.isTTY) this.#timer = setInterval(() => this.#draw(), redrawMilliseconds);
  }

  #draw(): void {
    const share = this.#total === 0 ? 1 : this.done / this.#total;
    const filled = Math.round(share * width);
    const bar = "█".repeat(filled) + "░".repeat(width - filled);
    this.#stream.write(`\r${bar} ${Math.floor(share * 100)} %  ${this.done.toLocaleString("en-US")} edits`);
  }

  /** Takes the bar away. */
  end(): void {
    if (!this.#timer) return;
    clearInterval(this.#timer);
    this.#stream.write("\r\u001b[K");
  }
}
