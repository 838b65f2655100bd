import { Hono } from "hono";
import { bearerToken } from "../platform/bearer-token.ts";
import { refuseForeignPage } from "../platform/origins.ts";
import { Problem } from "../platform/problem.ts";
import type { RequestContext } from "../platform/request-context.ts";
import { id as idSchema } from "../protocol/rest/text.ts";
import type { Grant } from "../room/room-api.ts";
import { grantHeader, openSocket } from "./room-socket.ts";
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
  c.set("userId", principal.userId);
  const id = c.req.param("id");
  if (!idSchema.safeParse(id).success) {
    throw new Problem("invalid_request", "id must be a UUID in lower case.", {
      errors: [{ path: ["id"], message: "id must be a UUID in lower case", code: "invalid_format" }],
    });
  }
  const grant = await admit(c.env, principal, id);
  return openSocket(c.env, id, upgradeFor(c.req.raw, offered, grant, c.get("requestId")));
});

const bearer = "bearer.";
const isBearer = (protocol: string) => protocol.startsWith(bearer);

/** Browsers can set no header on a socket but this one (WR-4: a token in the URL would end up in logs). */
function subprotocols(header: string | undefined): string[] {
  return header?.split(",").map((protocol) => protocol.trim()) ?? [];
}

/** The upgrade as the room gets it: the handshake without the token, and in its place what was verified. */
function upgradeFor(original: Request, offered: string[], grant: Grant, requestId: string): Request {
  const headers = new Headers({ ...grantHeader(grant), "x-request-id": requestId });
  for (const [name, value] of original.headers) {
    if (name === "upgrade" || name.startsWith("sec-websocket-")) headers.set(name, value);
  }
  const protocols = offered.filter((protocol) => !isBearer(protocol));
  if (protocols.length > 0) headers.set("sec-websocket-protocol", protocols.join(", "));
  else headers.delete("sec-websocket-protocol");
  const { origin, pathname } = new URL(original.url);
  return new Request(origin + pathname, { headers });
}
