import { DocumentSession, type SessionOptions } from "./document-session.ts";
import { Authentication } from "./rest/authentication.ts";
import { MateriError } from "./rest/materi-error.ts";
import { type Calls, callsThrough } from "./rest/methods.ts";
import { type Connection, type RequestOptions, request, type TokenSource } from "./rest/requests.ts";

export interface ClientOptions {
  /** The service, as `http(s)://host[:port]`; by default where the page is from. */
  url?: string;
  /**
   * Gives the access token to use, where the application has its own way to it: a personal access token, a guest's. Called before every
   * request, and again with the token that the service refused. Without it, `auth` signs in.
   */
  token?: (refused?: string) => string | Promise<string>;
  /** In place of the global one. */
  fetch?: typeof fetch;
  /** Whether the refresh token is kept in a cookie: by default in browsers. */
  cookies?: boolean;
}

/**
 * The service, over REST. Methods are grouped by concept; each takes what is in the path, then the body, then the query,
 * and all throw MateriError:
 *
 *     const { id } = await client.documents.create({ title: "Minutes" });
 *     const { items } = await client.documents.list({ order: "updated" });
 */
export class MateriClient {
  readonly auth: Authentication;
  declare readonly account: Calls["account"];
  declare readonly tokens: Calls["tokens"];
  declare readonly workspaces: Calls["workspaces"];
  declare readonly documents: Calls["documents"];
  declare readonly history: Calls["history"];
  declare readonly sharing: Calls["sharing"];
  declare readonly webhooks: Calls["webhooks"];
  readonly #connection: Connection;
  readonly #source: TokenSource;

  constructor(options: ClientOptions = {}) {
    const { token, cookies = "document" in globalThis } = options;
    const url = options.url ?? (globalThis as { location?: { origin: string } }).location?.origin;
    if (!url) throw new TypeError("url is required");
    this.#connection = {
      url: url.replace(/\/+$/, ""),
      // Browsers let nobody call it as a method of something else.
      fetch: options.fetch ?? ((...args) => globalThis.fetch(...args)),
      withCookies: cookies && !token,
    };
    this.auth = new Authentication(this.#connection);
    this.#source = token ? { token: async (refused) => token(refused) } : this.auth;
    Object.assign(this, this.with({}));
  }

  get url(): string {
    return this.#connection.url;
  }

  /** The methods with options for their requests: `client.with({ signal }).documents.get(id)`. */
  with(options: RequestOptions): Calls {
    return callsThrough((sent) => request(this.#connection, this.#source, sent, options));
  }

  /** Opens a document to be edited live. */
  open(
    documentId: string,
    options: Omit<SessionOptions, "url" | "documentId" | "token"> = {},
  ): DocumentSession {
    const { url, fetch } = this.#connection;
    return new DocumentSession({
      fetch,
      ...options,
      url,
      documentId,
      token: (refused) => this.token(refused),
    });
  }

  /** An access token that lasts for a request. Throws MateriError `unauthenticated` if nobody is signed in. */
  async token(refused?: string): Promise<string> {
    const token = await this.#source.token(refused);
    if (token === undefined)
      throw new MateriError("unauthenticated", "Nobody is signed in.", { status: 401 });
    return token;
  }
}

/**
 * All items of a list, page by page: `for await (const document of items((page) => client.documents.list(page)))`.
 */
export async function* items<Item>(
  list: (page: { cursor?: string }) => Promise<{ items: Item[]; next_cursor: string | null }>,
): AsyncGenerator<Item, void> {
  let cursor: string | null | undefined;
  while (cursor !== null) {
    const page = await list(cursor === undefined ? {} : { cursor });
    yield* page.items;
    cursor = page.next_cursor;
  }
}
