import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { inject } from "vitest";
import { app } from "../../src/app.ts";
import type { Answer } from "./api.ts";

/** Where the service of these tests is: on one's own machine, as the real provider knows it. */
export const home = "http://localhost:8787";

const realProvider = () => inject("openidProvider");

/** A browser's way to the service and to the world: keeps cookies by host, and follows no redirect by itself. */
export class Browser {
  readonly #cookies = new Map<string, Map<string, string>>();
  readonly #settings: Record<string, string>;

  /** `settings` are those of the service. */
  constructor(settings: Record<string, string> = realProvider()) {
    this.#settings = settings;
  }

  async open(
    url: string | URL,
    {
      method = "GET",
      json,
      form,
      token,
    }: { method?: string; json?: unknown; form?: object; token?: string } = {},
  ): Promise<Answer> {
    const target = new URL(url, home);
    const headers = new Headers({ accept: "text/html,*/*" });
    const jar = this.jar(target);
    if (jar.size > 0) headers.set("cookie", [...jar].map(([name, value]) => `${name}=${value}`).join("; "));
    if (token !== undefined) headers.set("authorization", `Bearer ${token}`);
    let body: string | null = null;
    if (json !== undefined) {
      headers.set("content-type", "application/json");
      body = JSON.stringify(json);
    } else if (form) {
      headers.set("content-type", "application/x-www-form-urlencoded");
      body = String(new URLSearchParams(form as Record<string, string>));
    }
    if (method !== "GET") headers.set("origin", target.origin);
    const request = new Request(target, { method, headers, body, redirect: "manual" });
    const response =
      target.origin === home
        ? await app.fetch(request, { ...env, ...this.#settings }, createExecutionContext())
        : await fetch(request);
    for (const set of response.headers.getSetCookie()) {
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(set) ?? [];
      if (value === "" || /max-age=0(;|$)|expires=Thu, 01 Jan 1970/i.test(set)) jar.delete(name);
      else jar.set(name, value);
    }
    const text = await response.text();
    const isJson = /json/.test(response.headers.get("content-type") ?? "");
    return {
      status: response.status,
      headers: response.headers,
      text,
      body: isJson ? JSON.parse(text) : undefined,
    };
  }

  /** The cookies that this browser has for the host of a URL. */
  jar(url: string | URL = home): Map<string, string> {
    const { hostname } = new URL(url);
    const jar = this.#cookies.get(hostname) ?? new Map<string, string>();
    this.#cookies.set(hostname, jar);
    return jar;
  }

  /**
   * Goes through the provider's pages, from the authorization URL: signs in as `login` and agrees. The answer is the URL
   * that the provider sends the browser to, not opened yet.
   */
  async signInAtProvider(authorizationUrl: string, login: string): Promise<URL> {
    let at = new URL(authorizationUrl);
    const provider = at.origin;
    let answer = await this.open(at);
    for (let step = 0; step < 20; step++) {
      const location = answer.headers.get("location");
      if (location !== null) {
        at = new URL(location, at);
        if (at.origin !== provider) return at;
        answer = await this.open(at);
        continue;
      }
      const action = /<form[^>]* action="([^"]+)"/.exec(answer.text)?.[1];
      const prompt = /name="prompt" value="(\w+)"/.exec(answer.text)?.[1];
      if (!action || !prompt) throw new Error(`no form at ${at}: ${answer.status} ${answer.text}`);
      at = new URL(action, at);
      answer = await this.open(at, { method: "POST", form: { prompt, login, password: "any" } });
    }
    throw new Error(`the provider led in circles, at last to ${at}`);
  }
}
