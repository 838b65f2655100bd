import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import { jsonBody } from "../platform/json-body.ts";
import { bodyProblems, jsonAnswer, jsonRequest } from "../platform/openapi.ts";
import { readPage } from "../platform/page.ts";
import type { RequestContext } from "../platform/request-context.ts";
import { limits } from "../protocol/limits.ts";
import { pageQuery } from "../protocol/rest/page.ts";
import * as schemas from "../protocol/rest/sharing.ts";
import { id } from "../protocol/rest/text.ts";
import { announceAccess } from "./access-changes.ts";
import { asked, mayWrite, params, problems, problemsOfOne, reading } from "./document-route.ts";
import { type DocumentGrant, grantRole, listGrants, revokeGrant } from "./grants.ts";

const listGrantsRoute = createRoute({
  method: "get",
  path: "/documents/{id}/grants",
  summary: "List who was given a part in a document beside its workspace (owners)",
  ...reading,
  request: { params, query: pageQuery },
  responses: {
    200: jsonAnswer(schemas.grantPage, "A page of grants, the oldest first."),
    ...problemsOfOne("forbidden"),
  },
});

const grantRoute = createRoute({
  method: "put",
  path: "/documents/{id}/grants",
  summary: "Give somebody a part in a document, or another one (owners)",
  description: "It reaches their open sockets at once, in either direction.",
  ...reading,
  middleware: [mayWrite, jsonBody(limits.smallBodyBytes)] as const,
  request: { params, body: jsonRequest(schemas.newGrant) },
  responses: {
    200: jsonAnswer(schemas.grant, "What they may do in the document now, at least."),
    ...problems(...bodyProblems, "forbidden", "not_found", "quota_exceeded"),
  },
});

const revokeRoute = createRoute({
  method: "delete",
  path: "/documents/{id}/grants/{user_id}",
  summary: "Take somebody's part in a document away (owners), or give up one's own",
  ...reading,
  middleware: mayWrite,
  request: { params: z.object({ id, user_id: id }) },
  responses: {
    204: { description: "They have what their workspace gives them, and no more." },
    ...problemsOfOne("forbidden"),
  },
});

const reason = "the document's sharing has changed";

/** Who has a part in a document, beside those who are in its workspace. */
export const grantRoutes = new OpenAPIHono<RequestContext>()
  .openapi(listGrantsRoute, async (c) => {
    const [{ db }, userId, documentId] = asked(c);
    const { rows, nextCursor } = await readPage(c.req.valid("query"), (slice) =>
      listGrants(db, userId, documentId, slice),
    );
    return c.json({ items: rows.map(grantBody), next_cursor: nextCursor }, 200);
  })
  .openapi(grantRoute, async (c) => {
    const [{ db }, actorId, documentId] = asked(c);
    const granted = await grantRole(db, actorId, { documentId, ...c.req.valid("json") }, Date.now());
    await announceAccess(c.env, { userId: granted.userId, where: { documentId }, reason });
    return c.json(grantBody(granted), 200);
  })
  .openapi(revokeRoute, async (c) => {
    const [{ db }, actorId, documentId] = asked(c);
    const { user_id: userId } = c.req.valid("param");
    await revokeGrant(db, actorId, { documentId, userId }, Date.now());
    await announceAccess(c.env, { userId, where: { documentId }, reason });
    return c.body(null, 204);
  });

function grantBody({ userId, name, email, role, grantedBy, createdAt }: DocumentGrant): schemas.GrantBody {
  const created_at = new Date(createdAt).toISOString();
  return { user_id: userId, name, email, role, granted_by: grantedBy, created_at };
}
