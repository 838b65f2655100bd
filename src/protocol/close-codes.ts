/** What happened, and whether to connect again. */
export interface CloseCode {
  readonly code: number;
  readonly retry: boolean;
}

/** Application close codes of the socket protocol. */
export const closeCodes = {
  /** The server met a fault of its own and dropped its memory; connect again and resume. */
  restarted: { code: 4503, retry: true },
  /** The access token ended; get a new one and connect again. */
  tokenExpired: { code: 4401, retry: true },
  /** This person, or this sign-in, may no longer see the document. */
  revoked: { code: 4403, retry: false },
  /** It did not read fast enough what it was sent; connect again and resume, by the text where that is shorter. */
  tooSlow: { code: 4408, retry: true },
  /** Another socket said hello with this client id; the newer one is the client now. */
  superseded: { code: 4409, retry: false },
  /** Another place serves what this person may do now; connect again to be led there. */
  moved: { code: 4421, retry: true },
  /** The document was deleted. */
  deleted: { code: 4410, retry: false },
  /** It went on sending far too fast, though it was told to slow down; connect again later. */
  tooFast: { code: 4429, retry: true },
} as const satisfies Record<string, CloseCode>;

/** A close reason as a close frame may carry it: at most 123 bytes of UTF-8 (RFC 6455 §5.5), no character cut. */
export function closeReason(reason: string): string {
  const bytes = new TextEncoder().encode(reason);
  if (bytes.length <= 123) return reason;
  return new TextDecoder().decode(bytes.subarray(0, 123), { stream: true });
}

/** Whether a client should connect again after this close code; codes that are not ours say nothing against it. */
export const isRetryable = (code: number): boolean =>
  Object.values<CloseCode>(closeCodes).every((known) => known.code !== code || known.retry);
