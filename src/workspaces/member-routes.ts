import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import { authenticated } from "../auth/authenticate.ts";
import { database } from "../db/database.ts";
import { jsonBody } from "../platform/json-body.ts";
import { bodyProblems, jsonAnswer, jsonRequest, problemAnswers, tokenProblems } from "../platform/openapi.ts";
import { readPage } from "../platform/page.ts";
import type { RequestContext } from "../platform/request-context.ts";
import type { ErrorCode } from "../protocol/errors.ts";
import { limits } from "../protocol/limits.ts";
import { pageQuery } from "../protocol/rest/page.ts";
import { id } from "../protocol/rest/text.ts";
import * as schemas from "../protocol/rest/workspaces.ts";
import { changeMember, listMembers, type Member, transferOwnership } from "./members.ts";
import type { WorkspacePorts } from "./routes.ts";

const security = [{ bearer: [] }];
const small = jsonBody(limits.smallBodyBytes);
const always = [
  ...tokenProblems,
  "unavailable",
  "invalid_request",
  "not_found",
] as const satisfies ErrorCode[];

const listRoute = createRoute({
  method: "get",
  path: "/workspaces/{id}/members",
  summary: "List the members of a workspace, those first who came first",
  security,
  middleware: [authenticated] as const,
  request: { params: z.object({ id }), query: pageQuery },
  responses: { 200: jsonAnswer(schemas.memberPage, "A page of members."), ...problemAnswers(...always) },
});

const changeRoute = createRoute({
  method: "patch",
  path: "/workspaces/{id}/members/{user_id}",
  summary: "Give a member another role",
  description: "Owners change everybody, admins everybody but owners, and everybody may step down.",
  security,
  middleware: [authenticated, small] as const,
  request: { params: z.object({ id, user_id: id }), body: jsonRequest(schemas.memberChange) },
  responses: {
    200: jsonAnswer(schemas.member, "The member as they are now."),
    ...problemAnswers(...always, ...bodyProblems, "forbidden", "last_owner", "personal_workspace"),
  },
});

const removeRoute = createRoute({
  method: "delete",
  path: "/workspaces/{id}/members/{user_id}",
  summary: "Remove a member, or leave",
  security,
  middleware: [authenticated] as const,
  request: { params: z.object({ id, user_id: id }) },
  responses: {
    204: { description: "They are no member any more." },
    ...problemAnswers(...always, "forbidden", "last_owner", "personal_workspace"),
  },
});

const transferRoute = createRoute({
  method: "post",
  path: "/workspaces/{id}/transfer",
  summary: "Make another member owner in one's own place, and be an admin",
  security,
  middleware: [authenticated, small] as const,
  request: { params: z.object({ id }), body: jsonRequest(schemas.transfer) },
  responses: {
    200: jsonAnswer(schemas.member, "The new owner."),
    ...problemAnswers(...always, ...bodyProblems, "forbidden", "personal_workspace"),
  },
});

/** Who is in a workspace, and as what. */
export const memberRoutes = (announceAccess: WorkspacePorts["announceAccess"]) =>
  new OpenAPIHono<RequestContext>()
    .openapi(listRoute, async (c) => {
      const { userId } = c.var.principal;
      const db = database(c.env.DB);
      const { rows, nextCursor } = await readPage(c.req.valid("query"), async (slice) => {
        const members = await listMembers(db, userId, c.req.valid("param").id, slice);
        return members.map((member) => ({ ...member, id: member.userId }));
      });
      return c.json({ items: rows.map(memberBody), next_cursor: nextCursor }, 200);
    })
    .openapi(changeRoute, async (c) => {
      const { id: workspaceId, user_id: userId } = c.req.valid("param");
      const { role } = c.req.valid("json");
      const actorId = c.var.principal.userId;
      const changed = await changeMember(
        database(c.env.DB),
        actorId,
        { workspaceId, userId, role },
        Date.now(),
      );
      await announceAccess(c.env, workspaceId, userId);
      return c.json(memberBody(changed), 200);
    })
    .openapi(removeRoute, async (c) => {
      const { id: workspaceId, user_id: userId } = c.req.valid("param");
      const actorId = c.var.principal.userId;
      await changeMember(database(c.env.DB), actorId, { workspaceId, userId, role: null }, Date.now());
      await announceAccess(c.env, workspaceId, userId);
      return c.body(null, 204);
    })
    .openapi(transferRoute, async (c) => {
      const { id: workspaceId } = c.req.valid("param");
      const { user_id: userId } = c.req.valid("json");
      const actorId = c.var.principal.userId;
      const owner = await transferOwnership(database(c.env.DB), actorId, { workspaceId, userId }, Date.now());
      await Promise.all([actorId, userId].map((id) => announceAccess(c.env, workspaceId, id)));
      return c.json(memberBody(owner), 200);
    });

function memberBody({ userId, name, email, role, createdAt }: Member): schemas.MemberBody {
  return { user_id: userId, name, email, role, created_at: new Date(createdAt).toISOString() };
}
