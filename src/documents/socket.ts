import { Hono } from "hono";
import { bearerToken } from "../auth/authenticate.ts";
import { refuseForeignPage } from "../platform/origins.ts";
import { Problem } from "../platform/problem.ts";
import type { RequestContext } from "../platform/request-context.ts";
import { id as idSchema } from "../protocol/rest/text.ts";
import type { Grant } from "../room/room-api.ts";
import { admit } from "./socket-access.ts";
import { authenticateVisitor } from "./visitors.ts";

/**
 * `GET /ws/documents/{id}`: admits a socket to a document's room. Whoever may not pass gets an HTTP problem and no
 * upgrade, and the room never hears of them (law AU-4).
 */
export const socketRoute = new Hono<RequestContext>().get("/ws/documents/:id", async (c) => {
  if (c.req.header("upgrade")?.toLowerCase() !== "websocket") {
    throw new Problem("upgrade_required", "This address takes WebSocket upgrades only.", {
      headers: { upgrade: "websocket", connection: "Upgrade" },
    });
  }
  refuseForeignPage(c);
  const offered = subprotocols(c.req.header("sec-websocket-protocol"));
  const principal = await authenticateVisitor(
    c.env,
    bearerToken(c.req.header("authorization")) ?? offered.find(isBearer)?.slice(bearer.length),
    "documents:read",
  );
  const id = c.req.param("id");
  if (!idSchema.safeParse(id).success) {
    throw new Problem("invalid_request", "id must be a UUID in lower case.", {
      errors: [{ path: ["id"], message: "id must be a UUID in lower case", code: "invalid_format" }],
    });
  }
  const grant = await admit(c.env, principal, id);
  return openSocket(c.env, id, upgradeFor(c.req.raw, offered, grant, c.get("requestId")));
});

/** Doors that a viewer is led to, at most: the room's and those of as many levels of fan-outs as hold every viewer there is. */
const doors = 10;

/** Has the room take the socket, or for a viewer too many the fan-out that it leads to, or that that one leads to. */
export async function openSocket(
  env: Pick<Env, "ROOMS" | "FANOUTS">,
  id: string,
  upgrade: Request,
): Promise<Response> {
  let door: Fetcher = env.ROOMS.getByName(id);
  for (let opened = 0; opened < doors; opened++) {
    const answer = await door.fetch(new Request(upgrade.url, { headers: upgrade.headers }));
    const shard = answer.headers.get("x-materi-shard");
    if (shard === null) return answer;
    door = env.FANOUTS.getByName(`${id}:${shard}`);
  }
  throw new Problem("unavailable", "The document has more viewers at once than can be led to a place.");
}

const bearer = "bearer.";
const isBearer = (protocol: string) => protocol.startsWith(bearer);

/** Browsers can set no header on a socket but this one (WR-4: a token in the URL would end up in logs). */
function subprotocols(header: string | undefined): string[] {
  return header?.split(",").map((protocol) => protocol.trim()) ?? [];
}

/** Headers are ASCII, and names are not. */
function asciiJson(value: object): string {
  const escaped = (unit: string) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
  return JSON.stringify(value).replace(/[^\x20-\x7e]/g, escaped);
}

/** The upgrade as the room gets it: the handshake without the token, and in its place what was verified. */
function upgradeFor(original: Request, offered: string[], grant: Grant, requestId: string): Request {
  const headers = new Headers({ "x-materi-grant": asciiJson(grant), "x-request-id": requestId });
  for (const [name, value] of original.headers) {
    if (name === "upgrade" || name.startsWith("sec-websocket-")) headers.set(name, value);
  }
  const protocols = offered.filter((protocol) => !isBearer(protocol));
  if (protocols.length > 0) headers.set("sec-websocket-protocol", protocols.join(", "));
  else headers.delete("sec-websocket-protocol");
  const { origin, pathname } = new URL(original.url);
  return new Request(origin + pathname, { headers });
}
