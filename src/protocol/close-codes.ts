/** Application close codes of the socket protocol: what happened, and whether to connect again. */
export const closeCodes = {
  /** The server met a fault of its own and dropped its memory; connect again and resume. */
  restarted: { code: 4503, retry: true },
  /** The access token ended; get a new one and connect again. */
  tokenExpired: { code: 4401, retry: true },
  /** Another socket said hello with this client id; the newer one is the client now. */
  superseded: { code: 4409, retry: false },
  /** The document was deleted. */
  deleted: { code: 4410, retry: false },
} as const;

const terminal: ReadonlySet<number> = new Set(
  Object.values(closeCodes).flatMap(({ code, retry }) => (retry ? [] : [code])),
);

/** Whether a client should connect again after this close code; codes that are not ours say nothing against it. */
export const isRetryable = (code: number): boolean => !terminal.has(code);
