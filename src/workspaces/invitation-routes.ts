import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import { findUser } from "../auth/accounts.ts";
import { authenticated } from "../auth/authenticate.ts";
import { database } from "../db/database.ts";
import { settingsOf } from "../env.ts";
import { idempotent } from "../idempotency/idempotent.ts";
import { jsonBody } from "../platform/json-body.ts";
import { sendMail } from "../platform/mail.ts";
import { bodyProblems, jsonAnswer, jsonRequest, problemAnswers, tokenProblems } from "../platform/openapi.ts";
import { readPage } from "../platform/page.ts";
import type { RequestContext } from "../platform/request-context.ts";
import type { ErrorCode } from "../protocol/errors.ts";
import { limits } from "../protocol/limits.ts";
import { idempotencyKey, idempotencyProblems } from "../protocol/rest/idempotency.ts";
import { pageQuery } from "../protocol/rest/page.ts";
import { id } from "../protocol/rest/text.ts";
import * as schemas from "../protocol/rest/workspaces.ts";
import { invitationMessage } from "./invitation-message.ts";
import {
  acceptInvitation,
  type Invitation,
  invite,
  listInvitations,
  withdrawInvitation,
} from "./invitations.ts";
import { workspaceBody } from "./workspace-body.ts";

const security = [{ bearer: [] }];
const small = jsonBody(limits.smallBodyBytes);
const always = [...tokenProblems, "unavailable", "invalid_request"] as const satisfies ErrorCode[];

const inviteRoute = createRoute({
  method: "post",
  path: "/workspaces/{id}/invitations",
  summary: "Invite an address into a workspace (owners and admins)",
  description:
    "The message holds a link that works once. Inviting an address again makes the link before worthless.",
  security,
  middleware: [authenticated, small, idempotent] as const,
  request: { params: z.object({ id }), headers: idempotencyKey, body: jsonRequest(schemas.newInvitation) },
  responses: {
    201: jsonAnswer(schemas.invitation, "The invitation is on its way."),
    ...problemAnswers(
      ...always,
      ...bodyProblems,
      ...idempotencyProblems,
      "forbidden",
      "not_found",
      "personal_workspace",
      "quota_exceeded",
    ),
  },
});

const listRoute = createRoute({
  method: "get",
  path: "/workspaces/{id}/invitations",
  summary: "List the invitations that were not accepted yet (owners and admins)",
  security,
  middleware: [authenticated] as const,
  request: { params: z.object({ id }), query: pageQuery },
  responses: {
    200: jsonAnswer(schemas.invitationPage, "A page of invitations."),
    ...problemAnswers(...always, "forbidden", "not_found"),
  },
});

const withdrawRoute = createRoute({
  method: "delete",
  path: "/workspaces/{id}/invitations/{invitation_id}",
  summary: "Withdraw an invitation (owners and admins)",
  security,
  middleware: [authenticated] as const,
  request: { params: z.object({ id, invitation_id: id }) },
  responses: {
    204: { description: "Its link is worth nothing any more." },
    ...problemAnswers(...always, "forbidden", "not_found"),
  },
});

const acceptRoute = createRoute({
  method: "post",
  path: "/invitations/accept",
  summary: "Become a member by the token of an invitation",
  security,
  middleware: [authenticated, small] as const,
  request: { body: jsonRequest(schemas.acceptance) },
  responses: {
    200: jsonAnswer(schemas.workspace, "The workspace that you are in now."),
    ...problemAnswers(...always, ...bodyProblems, "invalid_invitation", "quota_exceeded"),
  },
});

/** How people come into a workspace. */
export const invitationRoutes = new OpenAPIHono<RequestContext>()
  .openapi(inviteRoute, async (c) => {
    const { id: workspaceId } = c.req.valid("param");
    const { email, role } = c.req.valid("json");
    const db = database(c.env.DB);
    const actorId = c.var.principal.userId;
    const made = await invite(db, actorId, { making: c.var.making, workspaceId, email, role }, Date.now());
    const inviter = await findUser(db, actorId);
    const { publicUrl } = settingsOf(c.env);
    await sendMail(c.env, invitationMessage(publicUrl, email, inviter?.email ?? "Somebody", made.token));
    return c.json(invitationBody(made.invitation), 201);
  })
  .openapi(listRoute, async (c) => {
    const db = database(c.env.DB);
    const { id: workspaceId } = c.req.valid("param");
    const { rows, nextCursor } = await readPage(c.req.valid("query"), (slice) =>
      listInvitations(db, c.var.principal.userId, workspaceId, slice),
    );
    return c.json({ items: rows.map(invitationBody), next_cursor: nextCursor }, 200);
  })
  .openapi(withdrawRoute, async (c) => {
    const { id: workspaceId, invitation_id } = c.req.valid("param");
    await withdrawInvitation(database(c.env.DB), c.var.principal.userId, workspaceId, invitation_id);
    return c.body(null, 204);
  })
  .openapi(acceptRoute, async (c) => {
    const { token } = c.req.valid("json");
    const db = database(c.env.DB);
    const joined = await acceptInvitation(db, c.var.principal.userId, token, Date.now());
    return c.json(workspaceBody(joined), 200);
  });

function invitationBody({
  id,
  email,
  role,
  invitedBy,
  createdAt,
  expiresAt,
}: Invitation): schemas.InvitationBody {
  return {
    id,
    email,
    role,
    invited_by: invitedBy,
    created_at: new Date(createdAt).toISOString(),
    expires_at: new Date(expiresAt).toISOString(),
  };
}
