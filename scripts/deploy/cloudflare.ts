import { spawn } from "node:child_process";
import { wranglerBin, wranglerEnv } from "../wrangler.ts";
import { Failure } from "./failure.ts";

interface Outcome {
  status: number | null;
  stdout: string;
  stderr: string;
}

/**
 * Runs wrangler against the account that it is logged in to. `input` is what it reads on its standard input: secrets go there
 * and nowhere else, since arguments are for everybody on the machine to see.
 */
function tryWrangler(words: string[], input = ""): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    // Without a terminal it asks no questions.
    const child = spawn(process.execPath, [wranglerBin, ...words], {
      stdio: ["pipe", "pipe", "pipe"],
      env: wranglerEnv,
    });
    const outcome = { stdout: "", stderr: "" };
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      outcome.stdout += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      outcome.stderr += text;
    });
    child.once("error", reject);
    child.once("close", (status) => resolve({ status, ...outcome }));
    // One that ends before it has read everything tells why by its status.
    child.stdin.on("error", () => {}).end(input);
  });
}

/** The same for what has to succeed: answers what wrangler printed. Throws Failure with its own words. */
export async function wrangler(words: string[], input?: string): Promise<string> {
  const { status, stdout, stderr } = await tryWrangler(words, input);
  if (status === 0) return stdout;
  throw new Failure(1, `\`wrangler ${words.join(" ")}\` failed:\n${stdout.trim()}\n${stderr.trim()}`.trim());
}

/** What Cloudflare's API answers with an error. */
class ApiError extends Failure {
  readonly status: number;

  constructor(status: number, message: string) {
    super(1, message);
    this.status = status;
  }
}

/** Cloudflare's API (developers.cloudflare.com/api) for one account, where its answers are data and wrangler's would be prose. */
export class CloudflareApi {
  readonly #base: string;
  readonly #authorization: string;

  constructor(accountId: string, authorization: string) {
    const root = process.env.CLOUDFLARE_API_BASE_URL || "https://api.cloudflare.com/client/v4";
    this.#base = `${root}/accounts/${accountId}`;
    this.#authorization = authorization;
  }

  /** Undefined: there is no such thing. Throws Failure with Cloudflare's own words. */
  async get<T>(path: string): Promise<T | undefined> {
    try {
      return await this.#ask<T>("GET", path);
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) return undefined;
      throw error;
    }
  }

  /** Throws Failure with Cloudflare's own words. */
  post<T>(path: string, json: object): Promise<T> {
    return this.#ask<T>("POST", path, json);
  }

  async #ask<T>(method: string, path: string, json?: object): Promise<T> {
    const asked = `${method} ${path}`;
    const response = await fetch(`${this.#base}${path}`, {
      method,
      headers: {
        authorization: this.#authorization,
        ...(json !== undefined && { "content-type": "application/json" }),
      },
      ...(json !== undefined && { body: JSON.stringify(json) }),
      signal: AbortSignal.timeout(30_000),
    }).catch((error: Error) => {
      throw new Failure(1, `Cloudflare's API cannot be reached (${asked}): ${error.message}`);
    });
    const body = (await response.json().catch(() => ({}))) as {
      success?: boolean;
      result?: T;
      errors?: { code: number; message: string }[];
    };
    if (response.ok && body.success) return body.result as T;
    const why = (body.errors ?? []).map(({ code, message }) => `${message} [code: ${code}]`).join("; ");
    throw new ApiError(response.status, `Cloudflare's API refused ${asked}: HTTP ${response.status} ${why}`);
  }
}

/** Throws Failure where wrangler is logged in nowhere, or to several accounts and nobody has said which. */
export async function logIn(): Promise<CloudflareApi> {
  const id = process.env.CLOUDFLARE_ACCOUNT_ID || (await onlyAccount());
  const { token } = JSON.parse(await wrangler(["auth", "token", "--json"])) as { token?: string };
  if (!token) throw new Failure(1, "Set CLOUDFLARE_API_TOKEN: wrangler has neither that nor a login.");
  return new CloudflareApi(id, `Bearer ${token}`);
}

async function onlyAccount(): Promise<string> {
  const { status, stdout } = await tryWrangler(["whoami", "--json"]);
  if (status !== 0) {
    throw new Failure(
      1,
      "Wrangler is logged in nowhere: `npx wrangler login`, or set CLOUDFLARE_API_TOKEN and CLOUDFLARE_ACCOUNT_ID.",
    );
  }
  const { accounts } = JSON.parse(stdout) as { accounts: { id: string; name: string }[] };
  const [only, second] = accounts;
  if (only && !second) return only.id;
  const names = accounts.map(({ id, name }) => `  ${id}  ${name}`).join("\n");
  throw new Failure(1, `Set CLOUDFLARE_ACCOUNT_ID to the account that is meant:\n${names}`);
}
