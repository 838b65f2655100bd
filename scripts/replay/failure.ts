/** How the command ends, by cause. */
export const exitCodes = {
  /** Every text is what it must be. */
  done: 0,
  /** Wrong use of the command. */
  usage: 2,
  /** The file cannot be read, or is not a trace. */
  trace: 3,
  /** Nothing answers at the address, or what was there stayed away. */
  server: 4,
  /** The service does not know the e-mail address and password. */
  credentials: 5,
  /** The service refused what was asked of it. */
  refused: 6,
  /** The texts are not equal at the end. */
  divergence: 7,
} as const;

/** An end that has a cause which its user can be told in one line. */
export class ReplayFailure extends Error {
  override readonly name = "ReplayFailure";
  readonly exitCode: number;

  constructor(cause: Exclude<keyof typeof exitCodes, "done">, line: string) {
    super(line);
    this.exitCode = exitCodes[cause];
  }
}
