// The client library against the service, over its network door.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { items, MateriClient } from "../../src/client/materi-client.ts";
import { MateriError } from "../../src/client/rest/materi-error.ts";
import { codeAt } from "../support/authenticator.ts";
import { type Server, startServer } from "../support/server.ts";

let server: Server;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.stop());

let accounts = 0;
const newAccount = () => ({
  email: `client-${++accounts}@example.com`,
  password: "correct horse battery",
  name: "Ann",
});

/** A browser's fetch: it keeps cookies, and says what page it is of. `asked` holds the paths. */
function browserOf(url: string) {
  const jar = new Map<string, string>();
  const asked: string[] = [];
  const browse: typeof fetch = async (input, init) => {
    const headers = new Headers(init?.headers);
    headers.set("origin", url);
    headers.set("cookie", [...jar].map((pair) => pair.join("=")).join("; "));
    asked.push(new URL(String(input)).pathname);
    const response = await fetch(input, { ...init, headers });
    for (const cookie of response.headers.getSetCookie()) {
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(cookie) ?? [];
      jar.set(name, value);
    }
    return response;
  };
  const refreshes = () => asked.filter((path) => path.endsWith("/auth/refresh")).length;
  return {
    fetch: browse,
    jar,
    refreshes,
    tab: () => new MateriClient({ url, cookies: true, fetch: browse }),
  };
}

describe("a program", () => {
  it("signs in, works with documents by concept, and signs out", async () => {
    const client = new MateriClient({ url: server.url });
    const account = newAccount();
    await client.auth.register(account);
    expect(client.auth.user).toMatchObject({ email: account.email });
    const { id } = await client.documents.create({ title: "Minutes", content: "Hello" });
    expect(await client.documents.content(id)).toEqual({ text: "Hello", version: 1 });
    const { version } = await client.documents.editContent(id, {
      edits: [{ type: "append", text: " world" }],
    });
    expect(await client.history.diff(id, { from: 1, to: version })).toMatchObject({
      edits: [{ at: 5, deleted: "", inserted: " world" }],
    });
    await expect(
      client.with({ headers: { "if-match": '"v1"' } }).documents.replaceContent(id, "late"),
    ).rejects.toMatchObject({ code: "precondition_failed", status: 412 });
    await client.auth.logout();
    expect(client.auth.user).toBeUndefined();
    await expect(client.documents.get(id)).rejects.toMatchObject({ code: "unauthenticated" });
  });

  it("goes on in another process by its refresh token", async () => {
    const client = new MateriClient({ url: server.url });
    await client.auth.register(newAccount());
    const later = new MateriClient({ url: server.url });
    expect(await later.auth.resume(client.auth.refreshToken)).toEqual(client.auth.user);
    expect(await new MateriClient({ url: server.url }).auth.resume("materi_none")).toBeUndefined();
  });

  it("signs in with a second factor", async () => {
    const client = new MateriClient({ url: server.url });
    const account = newAccount();
    await client.auth.register(account);
    const { secret } = await client.account.enrolSecondFactor({});
    const { recovery_codes } = await client.account.confirmSecondFactor({ code: codeAt(secret) });
    expect(await client.account.secondFactor()).toMatchObject({ recovery_codes_left: 10 });
    const later = new MateriClient({ url: server.url });
    const stopped = await later.auth.login(account).catch((error: MateriError) => error);
    if (!(stopped instanceof MateriError)) throw new Error("signed in without a code");
    expect(stopped).toMatchObject({ code: "second_factor_required", challenge: expect.any(String) });
    const code = recovery_codes[0] ?? "";
    await later.auth.loginWithCode({ challenge: stopped.challenge, code });
    expect(later.auth.user).toMatchObject({ email: account.email, second_factor: true });
  });

  it("reads a list to its end, page by page", async () => {
    const client = new MateriClient({ url: server.url });
    await client.auth.register(newAccount());
    for (const title of ["one", "two", "three"]) await client.documents.create({ title });
    const titles: string[] = [];
    for await (const { title } of items((page) => client.documents.list({ ...page, limit: 2 }))) {
      titles.push(title);
    }
    expect(titles).toEqual(["three", "two", "one"]);
  });

  it("learns which field is wrong", async () => {
    const client = new MateriClient({ url: server.url });
    await client.auth.register(newAccount());
    await expect(client.documents.create({ title: "" })).rejects.toMatchObject({
      code: "validation_failed",
      errors: [{ path: ["title"], message: "title is required" }],
    });
  });
});

describe("a browser", () => {
  it("AU-2: fetches one access token, however many requests in however many tabs need it at once", async () => {
    const browser = browserOf(server.url);
    await browser.tab().auth.register(newAccount());
    const tabs = [browser.tab(), browser.tab(), browser.tab()];
    const users = await Promise.all(tabs.map(async ({ auth }) => auth.resume()));
    expect(new Set(users.map((user) => user?.id)).size).toBe(1);
    expect(browser.refreshes()).toBe(1);
    const stale = await tabs[0]!.token();
    const fresh = await Promise.all(tabs.flatMap((tab) => [tab.token(stale), tab.token(stale)]));
    expect(new Set(fresh).size).toBe(1);
    expect(browser.refreshes()).toBe(2);
  });

  it("keeps the refresh token where no script has it, and goes on with it after a reload", async () => {
    const browser = browserOf(server.url);
    const before = browser.tab();
    await before.auth.register(newAccount());
    expect(before.auth.refreshToken).toBeUndefined();
    expect(await browser.tab().auth.resume()).toEqual(before.auth.user);
    expect(await browserOf(server.url).tab().auth.resume()).toBeUndefined();
  });

  it("signs in and out in all tabs", async () => {
    const browser = browserOf(server.url);
    const [one, two] = [browser.tab(), browser.tab()];
    const seen: (string | undefined)[] = [];
    two.auth.onUser((user) => seen.push(user?.email));
    const account = newAccount();
    await one.auth.register(account);
    await expect.poll(() => seen).toEqual([account.email]);
    await two.documents.list();
    expect(browser.refreshes()).toBe(0);
    await one.auth.logout();
    await expect.poll(() => seen).toEqual([account.email, undefined]);
    expect(await browser.tab().auth.resume()).toBeUndefined();
  });

  it("calls a person by their new name in all tabs", async () => {
    const browser = browserOf(server.url);
    const [one, two] = [browser.tab(), browser.tab()];
    await one.auth.register(newAccount());
    await expect.poll(() => two.auth.user).toBeDefined();
    one.auth.update(await one.account.update({ name: "Ada King" }));
    expect(one.auth.user?.name).toBe("Ada King");
    await expect.poll(() => two.auth.user?.name).toBe("Ada King");
  });

  it("does not take somebody who signs in in another tab for the person of this one", async () => {
    const browser = browserOf(server.url);
    const [one, two] = [browser.tab(), browser.tab()];
    await one.auth.register(newAccount());
    await expect.poll(() => two.auth.user).toBeDefined();
    await two.auth.register(newAccount());
    await expect.poll(() => one.auth.user).toBeUndefined();
    await expect(one.token()).rejects.toMatchObject({ code: "unauthenticated" });
    expect(two.auth.user).toBeDefined();
  });

  it("AU-5: forgets a sign-in that has ended, and asks no more", async () => {
    const browser = browserOf(server.url);
    const tab = browser.tab();
    await tab.auth.register(newAccount());
    const token = await tab.token();
    const ended = await fetch(`${server.url}/api/v1/auth/logout`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      body: "{}",
    });
    expect(ended.status, await ended.text()).toBe(204);
    // Every part of the service knows of it within two seconds (AU-5, held to that in revocation.test.ts).
    await expect.poll(() => tab.documents.list().catch(({ code }) => code)).toBe("invalid_token");
    expect(tab.auth.user).toBeUndefined();
    for (let again = 0; again < 3; again++) {
      await expect(tab.documents.list()).rejects.toMatchObject({ code: "unauthenticated" });
    }
    expect(browser.refreshes()).toBe(1);
  });
});
