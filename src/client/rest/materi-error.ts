import type { ErrorCode } from "../../protocol/errors.ts";

/** What can go wrong before an answer is there, or with it. */
export type ClientErrorCode =
  /** No answer: no network, a refused connection, a page that may not ask (CORS). */
  | "network"
  /** No answer in time. */
  | "timeout"
  /** The caller's signal. */
  | "aborted"
  /** An answer that is none of the service's, as of a proxy in between. */
  | "bad_answer";

export interface FieldError {
  path: (string | number)[];
  message: string;
  code: string;
}

/** Every failure of the client library. Tell them apart by `code`; a newer service may have codes that are not listed. */
export class MateriError extends Error {
  override readonly name = "MateriError";
  declare readonly code: ErrorCode | ClientErrorCode;
  /** HTTP status; 0 if there was no answer. */
  declare readonly status: number;
  /** Names the request in the service's log. */
  declare readonly requestId: string | undefined;
  /** What is wrong with which field of the request. */
  declare readonly errors: readonly FieldError[];
  /** Milliseconds after which the service asks to try again. */
  declare readonly retryMs: number | undefined;
  /** What a sign-in goes on by: with `second_factor_required` and `second_factor_enrolment_required`. */
  declare readonly challenge: string | undefined;

  constructor(
    code: ErrorCode | ClientErrorCode,
    message: string,
    {
      cause,
      ...answer
    }: {
      status?: number;
      requestId?: string | undefined;
      errors?: readonly FieldError[] | undefined;
      retryMs?: number | undefined;
      challenge?: string | undefined;
      cause?: unknown;
    } = {},
  ) {
    super(message, cause === undefined ? {} : { cause });
    Object.assign(this, { code, status: 0, ...answer, errors: answer.errors ?? [] });
  }

  /** Whether the same request may succeed later, with nothing changed but the time. */
  get isTransient(): boolean {
    return (
      this.code === "network" ||
      this.code === "timeout" ||
      this.status === 429 ||
      (this.status >= 500 && this.status !== 501)
    );
  }
}

/** The error that an answer with an error status stands for (RFC 9457, with the members of our own). */
export async function errorOf(response: Response): Promise<MateriError> {
  const { status, headers } = response;
  const retryMs = Number(headers.get("retry-after")) * 1_000 || undefined;
  let problem: Record<string, unknown> = {};
  try {
    problem = (await response.json()) as Record<string, unknown>;
  } catch {
    // Not ours: handled below.
  }
  if (typeof problem?.error !== "string") {
    return new MateriError("bad_answer", "The answer is none of the service's.", {
      status,
      retryMs,
    });
  }
  return new MateriError(
    problem.error as ErrorCode,
    String(problem.detail ?? problem.title ?? problem.error),
    {
      status,
      requestId: problem.request_id as string | undefined,
      errors: problem.errors as FieldError[] | undefined,
      retryMs,
      challenge: problem.challenge as string | undefined,
    },
  );
}
