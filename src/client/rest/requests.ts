import { backoff } from "../backoff.ts";
import { errorOf, MateriError } from "./materi-error.ts";
import type { TextAnswer } from "./routes.ts";

/** How a request is made, beyond what it says. */
export interface RequestOptions {
  signal?: AbortSignal | undefined;
  /** Milliseconds for the answer, all tries together. 30,000 by default. */
  timeout?: number | undefined;
  /** Such as `if-match`, or an `idempotency-key` that makes it safe to repeat what is made. In lower case. */
  headers?: Record<string, string> | undefined;
}

/** Whose token goes along. */
export interface TokenSource {
  /** An access token; undefined for who is nobody. `refused`: the service would not take this one. */
  token(refused?: string): Promise<string | undefined>;
}

export interface Connection {
  /** The service, as `http(s)://host[:port]`. */
  readonly url: string;
  readonly fetch: typeof fetch;
  /** Whether cookies go along, as they do where a browser keeps the refresh token. */
  readonly withCookies: boolean;
}

/** Further tries of a request that may be repeated. */
const retries = 3;
const delays = { first: 300, most: 5_000 } as const;

/**
 * One request and its answer: JSON, a text, or nothing. Tries again where that is safe: GET, and what bears an
 * `idempotency-key`, after whatever passes by itself; any other only when it was refused for coming too often, which did nothing. A token that is refused is replaced once.
 * Throws MateriError.
 */
export async function request(
  connection: Connection,
  source: TokenSource | undefined,
  { method, path, query, body }: { method: string; path: string; query?: object | undefined; body?: unknown },
  { signal, timeout = 30_000, headers = {} }: RequestOptions = {},
): Promise<unknown> {
  const late = AbortSignal.timeout(timeout);
  const ended = signal ? AbortSignal.any([signal, late]) : late;
  const end = new Promise<never>((_, reject) =>
    ended.addEventListener("abort", () => reject(ended.reason), { once: true }),
  );
  // Whoever waits for it is told; that nobody does is no fault.
  end.catch(() => {});
  const url = `${connection.url}/api/v1${path}${queryString(query)}`;
  const isText = typeof body === "string";
  const init = {
    method,
    signal: ended,
    ...(connection.withCookies && { credentials: "include" as const }),
    ...(body !== undefined && { body: isText ? body : JSON.stringify(body) }),
  };
  const type = body === undefined ? {} : { "content-type": isText ? "text/plain" : "application/json" };

  /** One try. */
  const send = async (token: string | undefined): Promise<unknown> => {
    ended.throwIfAborted();
    const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` };
    const response = await connection.fetch(url, {
      ...init,
      headers: { ...type, ...headers, ...authorization },
    });
    if (!response.ok) throw await errorOf(response);
    return await read(response);
  };

  let refused: string | undefined;
  for (let attempt = 0; ; attempt++) {
    let token: string | undefined;
    try {
      token = await Promise.race([source?.token(refused), end]);
      return await send(token);
    } catch (thrown) {
      const error = asMateriError(thrown, signal, late);
      if (error.code === "invalid_token" && token !== undefined && refused === undefined) {
        refused = token;
        continue;
      }
      const isSafe =
        method === "GET" || "idempotency-key" in headers ? error.isTransient : error.status === 429;
      if (!isSafe || ended.aborted || attempt >= retries) throw error;
      const pause = Math.max(backoff(attempt, delays.first, delays.most), error.retryMs ?? 0);
      // Later than anybody waits: the caller is told at once.
      if (pause > timeout) throw error;
      await Promise.race([new Promise((resolve) => setTimeout(resolve, pause)), end]).catch(() => {
        throw error;
      });
    }
  }
}

async function read(response: Response): Promise<unknown> {
  const type = response.headers.get("content-type") ?? "";
  if (type.includes("json")) return response.json();
  const text = await response.text();
  if (!type.startsWith("text/")) return undefined;
  const version = /^(?:W\/)?"v(\d+)"$/.exec(response.headers.get("etag") ?? "")?.[1];
  return { text, version: version === undefined ? undefined : Number(version) } satisfies TextAnswer;
}

function asMateriError(thrown: unknown, signal: AbortSignal | undefined, late: AbortSignal): MateriError {
  if (thrown instanceof MateriError) return thrown;
  // Whatever was thrown, this is why.
  if (signal?.aborted)
    return new MateriError("aborted", "The request was aborted.", { cause: signal.reason });
  if (late.aborted) return new MateriError("timeout", "There was no answer in time.");
  if (thrown instanceof SyntaxError) return new MateriError("bad_answer", "The answer is not JSON.");
  return new MateriError("network", "The service could not be reached.", { cause: thrown });
}

function queryString(query: object | undefined): string {
  const given = Object.entries(query ?? {}).filter(([, value]) => value !== undefined);
  return given.length === 0
    ? ""
    : `?${new URLSearchParams(given.map(([name, value]) => [name, String(value)]))}`;
}
