/** How the command ends, by cause. */
export const exitCodes = { differs: 1, usage: 2, bundle: 3, server: 4, refused: 6 } as const;

/** An end that has a cause which its user can be told in one line. */
export class InspectFailure extends Error {
  override readonly name = "InspectFailure";
  readonly exitCode: number;

  constructor(cause: keyof typeof exitCodes, line: string) {
    super(line);
    this.exitCode = exitCodes[cause];
  }
}
