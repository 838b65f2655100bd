/** The service that is looked at, and who looks. */
export interface Service {
  /** `http(s)://host[:port]`, perhaps with the path below which a proxy has it, without a slash at the end. */
  url: string;
  /** An access token or a personal one; without it only what is open to everybody is looked at. */
  token?: string | undefined;
  /** Milliseconds that anything may take. */
  patience: number;
}

/** An answer, whole. `ms` is the time until its last byte. */
export interface Reply {
  status: number;
  headers: Headers;
  text: string;
  ms: number;
  /** When it was asked and when the answer was there, milliseconds since the epoch. */
  sentAt: number;
  receivedAt: number;
}

/** There was no answer at all. The message says why, in words for people. */
export class NoAnswer extends Error {
  override readonly name = "NoAnswer";
}

/** One request. Throws NoAnswer. */
export async function ask(
  { url, patience }: Service,
  path: string,
  {
    method = "GET",
    headers = {},
    json,
    text: body = json && JSON.stringify(json),
  }: { method?: string; headers?: Record<string, string>; json?: object; text?: string | undefined } = {},
): Promise<Reply> {
  const sentAt = Date.now();
  const start = performance.now();
  try {
    const response = await fetch(`${url}${path}`, {
      method,
      redirect: "manual",
      headers: { ...(json && { "content-type": "application/json" }), ...headers },
      ...(body !== undefined && { body }),
      signal: AbortSignal.timeout(patience),
    });
    const text = await response.text();
    const ms = performance.now() - start;
    return {
      status: response.status,
      headers: response.headers,
      text,
      ms,
      sentAt,
      receivedAt: sentAt + ms,
    };
  } catch (error) {
    throw new NoAnswer(whyNot(error, patience), { cause: error });
  }
}

/** The JSON object in an answer; an empty one where there is none. */
export function jsonOf({ text }: Pick<Reply, "text">): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}

/** What an answer is, in a few words: of a proxy's page the title, if it has one. */
export function describe({ status, headers, text }: Reply): string {
  const { error, detail, request_id: id } = jsonOf({ text });
  if (typeof error === "string") return `${status} ${error}: ${detail} (request_id ${id})`;
  const type = headers.get("content-type")?.split(";")[0] ?? "no content-type";
  const title = /<title>([^<]{1,80})/i.exec(text)?.[1]?.trim();
  const from = headers.get("server");
  return `${status}, ${type}${title ? `, "${title}"` : ""}${from ? `, from ${from}` : ""}`;
}

const reasons: Record<string, string> = {
  ENOTFOUND: "the name is not known (DNS)",
  EAI_AGAIN: "the name server did not answer (DNS)",
  ECONNREFUSED: "nothing listens there",
  ECONNRESET: "the connection was cut",
  EHOSTUNREACH: "there is no way to that host",
  ENETUNREACH: "there is no way to that network",
  ETIMEDOUT: "nobody answered the connection",
  UND_ERR_CONNECT_TIMEOUT: "nobody answered the connection",
  UND_ERR_SOCKET: "the connection was cut",
  HPE_INVALID_CONSTANT: "what answered does not speak HTTP",
  EPROTO: "what answered does not speak TLS there",
};

/** Why something of the network did not work, from Node's error. */
export function whyNot(error: unknown, patience: number): string {
  for (let at = error; at instanceof Error; at = at.cause) {
    if (at.name === "TimeoutError") return `no answer within ${patience / 1000} s`;
    if ("code" in at && typeof at.code === "string") return reasons[at.code] ?? at.code;
    if (at.cause === undefined) return at.message;
  }
  return String(error);
}
