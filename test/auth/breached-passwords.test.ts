import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, inject, it, vi } from "vitest";
import { app } from "../../src/app.ts";
import { api, newAccount } from "../support/api.ts";
import { newestMail, tokenIn } from "../support/mailbox.ts";

const url = inject("breachedPasswords");
/** As test/support/breached-passwords.ts has it, whose other half runs in Node. */
const breached = "correct horse 1234";
const sound = "correct horse 4321";

/** Asks a service that looks passwords up there. */
async function ask(where: string, method: string, path: string, json: object, token?: string) {
  const headers = new Headers({ "content-type": "application/json" });
  if (token !== undefined) headers.set("authorization", `Bearer ${token}`);
  const request = new Request(`https://materi.test/api/v1${path}`, {
    method,
    headers,
    body: JSON.stringify(json),
  });
  const answer = await app.fetch(
    request,
    { ...env, BREACHED_PASSWORDS_URL: where } as Env,
    createExecutionContext(),
  );
  const text = await answer.text();
  return { status: answer.status, body: text ? JSON.parse(text) : undefined, text };
}
const register = (where: string, password: string) =>
  ask(where, "POST", "/auth/register", {
    email: `b-${crypto.randomUUID()}@example.com`,
    password,
    name: "B",
  });

afterEach(() => void vi.restoreAllMocks());

/** A collection that answers is waited for, however busy the machine is: past its second it keeps nobody out. */
const withPatience = () =>
  vi.spyOn(AbortSignal, "timeout").mockImplementation(() => new AbortController().signal);

describe("a breached password", () => {
  it("is refused wherever one is chosen, and not quoted", async () => {
    withPatience();
    const where = `${url}/range/`;
    const { user, access_token: token } = await newAccount();
    await api("POST", "/auth/password/forgot", { json: { email: user.email } });
    const link = tokenIn(await newestMail(user.email, "Choose a new password"));
    const change = { current_password: "SecurePass123!", new_password: breached };
    for (const [answer, field] of [
      [await register(where, breached), "password"],
      [await ask(where, "POST", "/auth/password/change", change, token), "new_password"],
      [await ask(where, "POST", "/auth/password/reset", { token: link, password: breached }), "password"],
    ] as const) {
      expect(answer.status, answer.text).toBe(422);
      expect(answer.body).toMatchObject({ error: "weak_password", errors: [{ path: [field] }] });
      expect(answer.text).not.toContain(breached);
    }
    expect((await register(where, sound)).status).toBe(201);
    const other = await ask(where, "POST", "/auth/password/reset", { token: link, password: sound });
    expect(other.status, other.text).toBe(204);
  });

  it("is looked up by 5 digits of its SHA-1 and nothing else, with padding, whose lines are nobody's", async () => {
    withPatience();
    expect((await register(`${url}/padded/`, breached)).status).toBe(201);
    const seen = (await (await fetch(`${url}/seen`)).json()) as {
      path: string;
      padding: string;
      headers: string[];
    }[];
    const last = seen.filter(({ path }) => path.startsWith("/padded/")).at(-1)!;
    const digest = Buffer.from(await crypto.subtle.digest("SHA-1", new TextEncoder().encode(breached)));
    expect(last.path).toBe(`/padded/${digest.toString("hex").toUpperCase().slice(0, 5)}`);
    expect(last.padding).toBe("true");
    for (const name of ["cookie", "authorization", "referer"]) expect(last.headers).not.toContain(name);
  });

  it.each(["hang", "stall", "down", "garbage", "empty", "huge", "away", "refuse"])(
    "keeps nobody out where the collection fails: %s",
    async (way) => {
      const lines = vi.spyOn(console, "warn").mockImplementation(() => {});
      // Port 1 is nobody's.
      const where = way === "refuse" ? "http://127.0.0.1:1/range/" : `${url}/${way}/`;
      const deadline = vi.spyOn(AbortSignal, "timeout");
      expect((await register(where, breached)).status).toBe(201);
      expect(deadline).toHaveBeenCalledWith(1_000);
      // What others log meanwhile is theirs.
      const told = lines.mock.calls.map(String).filter((line) => line.includes("breached_passwords"));
      expect(told.map((line) => JSON.parse(line).event)).toEqual(["breached_passwords_unavailable"]);
      expect(told[0]).not.toContain("127.0.0.1");
    },
  );

  it("is not looked up where nobody has named a collection", async () => {
    const asked = vi.spyOn(globalThis, "fetch");
    expect((await register("", breached)).status).toBe(201);
    // Webhooks of other tests may be on their way.
    const addresses = asked.mock.calls.map(([input]) =>
      input instanceof Request ? input.url : String(input),
    );
    expect(addresses.filter((address) => !address.includes("/hook/"))).toEqual([]);
  });
});
