import { randomBytes } from "node:crypto";
import type { TokensBody } from "../../src/protocol/rest/accounts.ts";
import type { DocumentBody } from "../../src/protocol/rest/documents.ts";
import { ReplayFailure } from "./failure.ts";

export interface Credentials {
  email: string;
  password: string;
}

/** An access token is replaced this long before it ends, so that none ends on its way. */
const renewalMilliseconds = 60_000;
const answerTimeout = 15_000;

/** Somebody who is signed in to the service at `url`. Every method throws ReplayFailure. */
export class Account {
  readonly #url: string;
  #tokens: TokensBody;
  #endsAt: number;
  #renewal: Promise<string> | undefined;

  private constructor(url: string, tokens: TokensBody) {
    this.#url = url;
    this.#tokens = tokens;
    this.#endsAt = performance.now() + tokens.expires_in * 1000;
  }

  /** Signs in, or, without credentials, opens an account that is used once. */
  static async open(url: string, credentials?: Credentials): Promise<Account> {
    const once = {
      email: `replay-${randomBytes(8).toString("hex")}@example.com`,
      password: randomBytes(18).toString("base64url"),
      name: "Replay",
    };
    const tokens = credentials
      ? await request(url, "POST", "/auth/login", credentials)
      : await request(url, "POST", "/auth/register", once);
    return new Account(url, tokens as TokensBody);
  }

  /** An access token that is good for a while; for `DocumentSession`. */
  readonly token = async (): Promise<string> => {
    if (performance.now() < this.#endsAt - renewalMilliseconds) return this.#tokens.access_token;
    // One renewal for all sessions: a refresh token works once.
    this.#renewal ??= this.#renew().finally(() => {
      this.#renewal = undefined;
    });
    return this.#renewal;
  };

  async #renew(): Promise<string> {
    const body = { refresh_token: this.#tokens.refresh_token };
    this.#tokens = (await request(this.#url, "POST", "/auth/refresh", body)) as TokensBody;
    this.#endsAt = performance.now() + this.#tokens.expires_in * 1000;
    return this.#tokens.access_token;
  }

  async createDocument(title: string, content: string): Promise<DocumentBody> {
    const body = { title, content };
    return (await request(this.#url, "POST", "/documents", body, await this.token())) as DocumentBody;
  }

  async readDocument(id: string): Promise<DocumentBody> {
    const answer = await request(this.#url, "GET", `/documents/${id}`, undefined, await this.token());
    return answer as DocumentBody;
  }
}

async function request(
  url: string,
  method: string,
  path: string,
  body?: unknown,
  token?: string,
): Promise<unknown> {
  let response: Response;
  let text: string;
  try {
    response = await fetch(`${url}/api/v1${path}`, {
      method,
      headers: {
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      },
      body: body === undefined ? null : JSON.stringify(body),
      signal: AbortSignal.timeout(answerTimeout),
    });
    text = await response.text();
  } catch (error) {
    const { cause, message } = error as Error & { cause?: Error };
    const reason = cause?.message || message;
    throw new ReplayFailure("server", `No service answers at ${url} (${reason}). Is it running? npm start`);
  }
  let answer: { error?: unknown; detail?: unknown };
  try {
    answer = JSON.parse(text);
  } catch {
    throw new ReplayFailure(
      "server",
      `What answers at ${url} is not this service: ${method} ${path} gave no JSON.`,
    );
  }
  if (response.ok) return answer;
  if (answer.error === "invalid_credentials") {
    throw new ReplayFailure(
      "credentials",
      `The service at ${url} does not know this e-mail address and password.`,
    );
  }
  throw new ReplayFailure(
    "refused",
    `${method} ${path} was refused with ${response.status} ${answer.error ?? ""}: ${answer.detail ?? text}`,
  );
}
