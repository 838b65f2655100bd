import { type ErrorCode, errorStatus } from "../protocol/errors.ts";
import type { FieldError, ProblemBody } from "../protocol/rest/problem.ts";

/** A refusal that the caller is meant to see. Its `detail` goes out as it is, so it quotes nothing internal. */
export class Problem extends Error {
  override readonly name = "Problem";
  readonly code: ErrorCode;
  readonly errors: FieldError[] | undefined;
  readonly headers: Record<string, string>;
  /** Members that this kind of problem has besides (RFC 9457 §3.2). */
  readonly members: Record<string, string | number>;

  constructor(
    code: ErrorCode,
    detail: string,
    more: {
      errors?: FieldError[];
      headers?: Record<string, string>;
      members?: Record<string, string | number>;
      cause?: unknown;
    } = {},
  ) {
    super(detail, { cause: more.cause });
    this.code = code;
    this.errors = more.errors;
    this.headers = more.headers ?? {};
    this.members = more.members ?? {};
  }
}

/** The answer to a problem: `application/problem+json` (RFC 9457). */
export function problemResponse(problem: Problem, requestId: string): Response {
  const status = errorStatus[problem.code];
  const body: ProblemBody = {
    type: `/problems/${problem.code}`,
    title: problemTitle(problem.code),
    status,
    detail: problem.message,
    error: problem.code,
    request_id: requestId,
    ...(problem.errors && { errors: problem.errors }),
    ...problem.members,
  };
  return new Response(JSON.stringify(body), {
    status,
    headers: {
      ...(problem.code === "unavailable" && { "retry-after": "1" }),
      ...problem.headers,
      "content-type": "application/problem+json",
    },
  });
}

/** The code in words, the same at every occurrence: `email_taken` is "Email taken". */
export function problemTitle(code: ErrorCode): string {
  return code.charAt(0).toUpperCase() + code.slice(1).replaceAll("_", " ");
}
