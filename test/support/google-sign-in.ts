import { env } from "cloudflare:workers";
import { expect } from "vitest";
import { type Answer, api } from "./api.ts";
import { Browser } from "./browser.ts";

// Signing in with Google as a browser does, at a real OpenID provider (servers-in-node.ts).

export const start = "/api/v1/auth/oauth/google";
export const newLogin = () => `g-${crypto.randomUUID()}@example.com`;
export const me = (token: string) => api("GET", "/users/me", { token });

export const location = (answer: Answer) => {
  expect(answer.status, answer.text).toBe(302);
  return answer.headers.get("location") ?? "";
};

/** Signs in as `login`, up to the URL of ours that the provider leads back to, which is not opened yet. */
export async function backFromProvider(browser: Browser, login: string, query = ""): Promise<URL> {
  return browser.signInAtProvider(location(await browser.open(start + query)), login);
}

export async function signIn(login: string, browser = new Browser()): Promise<Answer> {
  return browser.open(await backFromProvider(browser, login));
}

/** What the audit has of a person, oldest first. */
export const events = async (userId: string) =>
  (
    await env.DB.prepare("SELECT event FROM audit_events WHERE user_id = ? ORDER BY rowid")
      .bind(userId)
      .all<{ event: string }>()
  ).results.map(({ event }) => event);
