import type { Context } from "hono";
import type { RequestContext } from "./request-context.ts";

/**
 * The web app, for a browser that goes to an address which is no route of the Worker's: the app has pages of its own there.
 * Undefined for whoever is no browser on its way, and under /api, where people and programs are to be told the truth.
 */
export async function appPage(c: Context<RequestContext>): Promise<Response | undefined> {
  const goesThere = c.req.header("sec-fetch-mode") === "navigate";
  if (c.req.method !== "GET" || !goesThere || c.req.path.startsWith("/api/")) return undefined;
  const page = await c.env.ASSETS.fetch(new URL("/", c.req.url));
  // A copy, whose headers can be set.
  return page.ok ? new Response(page.body, page) : undefined;
}
