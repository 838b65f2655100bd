import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import { authenticated } from "../auth/authenticate.ts";
import { database } from "../db/database.ts";
import { idempotent } from "../idempotency/idempotent.ts";
import { jsonBody } from "../platform/json-body.ts";
import { bodyProblems, jsonAnswer, jsonRequest, problemAnswers, tokenProblems } from "../platform/openapi.ts";
import { readPage } from "../platform/page.ts";
import type { RequestContext } from "../platform/request-context.ts";
import type { ErrorCode } from "../protocol/errors.ts";
import { limits } from "../protocol/limits.ts";
import { idempotencyKey, idempotencyProblems } from "../protocol/rest/idempotency.ts";
import { pageQuery } from "../protocol/rest/page.ts";
import { id } from "../protocol/rest/text.ts";
import * as schemas from "../protocol/rest/workspaces.ts";
import { invitationRoutes } from "./invitation-routes.ts";
import { memberRoutes } from "./member-routes.ts";
import { workspaceBody } from "./workspace-body.ts";
import {
  createWorkspace,
  deleteWorkspace,
  listWorkspaces,
  renameWorkspace,
  restoreWorkspace,
  workspaceFor,
} from "./workspaces.ts";

const security = [{ bearer: [] }];
const params = z.object({ id });
const small = jsonBody(limits.smallBodyBytes);
const always = [...tokenProblems, "unavailable", "invalid_request"] as const satisfies ErrorCode[];

const createRouteOf = createRoute({
  method: "post",
  path: "/workspaces",
  summary: "Create a workspace, and own it",
  security,
  middleware: [authenticated, small, idempotent] as const,
  request: { headers: idempotencyKey, body: jsonRequest(schemas.newWorkspace) },
  responses: {
    201: jsonAnswer(schemas.workspace, "The workspace is there."),
    ...problemAnswers(...always, ...bodyProblems, ...idempotencyProblems, "quota_exceeded"),
  },
});

const listRoute = createRoute({
  method: "get",
  path: "/workspaces",
  summary: "List the workspaces that one is in, those first that one came into first",
  security,
  middleware: [authenticated] as const,
  request: { query: pageQuery },
  responses: {
    200: jsonAnswer(schemas.workspacePage, "A page of workspaces."),
    ...problemAnswers(...always),
  },
});

const readRoute = createRoute({
  method: "get",
  path: "/workspaces/{id}",
  summary: "Read a workspace",
  security,
  middleware: [authenticated] as const,
  request: { params },
  responses: {
    200: jsonAnswer(schemas.workspace, "The workspace."),
    ...problemAnswers(...always, "not_found"),
  },
});

const renameRoute = createRoute({
  method: "patch",
  path: "/workspaces/{id}",
  summary: "Rename a workspace (owners and admins)",
  security,
  middleware: [authenticated, small] as const,
  request: { params, body: jsonRequest(schemas.workspaceChange) },
  responses: {
    200: jsonAnswer(schemas.workspace, "The workspace as it is now."),
    ...problemAnswers(...always, ...bodyProblems, "forbidden", "not_found"),
  },
});

const deleteRoute = createRoute({
  method: "delete",
  path: "/workspaces/{id}",
  summary: "Delete a workspace with its documents (owners)",
  description: `Its owners can bring it back for ${limits.graceDays} days; then it is erased.`,
  security,
  middleware: [authenticated] as const,
  request: { params },
  responses: {
    204: { description: "The workspace is deleted." },
    ...problemAnswers(...always, "forbidden", "not_found", "personal_workspace"),
  },
});

const restoreRoute = createRoute({
  method: "post",
  path: "/workspaces/{id}/restore",
  summary: "Bring a deleted workspace back (owners)",
  security,
  middleware: [authenticated] as const,
  request: { params },
  responses: {
    200: jsonAnswer(schemas.workspace, "The workspace is back, with its documents."),
    ...problemAnswers(...always, "forbidden", "not_found"),
  },
});

/** What workspaces need of the folders above this one. */
export interface WorkspacePorts {
  /** Has open sockets, a person's or everybody's, know what they may do in the workspace's documents now. */
  announceAccess(env: Env, workspaceId: string, userId?: string): Promise<void>;
}

/** Workspaces, who is in them, and invitations into them. */
export function workspaceRoutes({ announceAccess }: WorkspacePorts) {
  return new OpenAPIHono<RequestContext>()
    .openapi(createRouteOf, async (c) => {
      const { name } = c.req.valid("json");
      const { principal, making } = c.var;
      const made = await createWorkspace(database(c.env.DB), principal.userId, { making, name }, Date.now());
      c.header("location", `/api/v1/workspaces/${made.id}`);
      return c.json(workspaceBody(made), 201);
    })
    .openapi(listRoute, async (c) => {
      const db = database(c.env.DB);
      const { rows, nextCursor } = await readPage(c.req.valid("query"), (slice) =>
        listWorkspaces(db, c.var.principal.userId, slice),
      );
      return c.json(
        { items: rows.map(({ workspace }) => workspaceBody(workspace)), next_cursor: nextCursor },
        200,
      );
    })
    .openapi(readRoute, async (c) => {
      const { id } = c.req.valid("param");
      return c.json(workspaceBody(await workspaceFor(database(c.env.DB), c.var.principal.userId, id)), 200);
    })
    .openapi(renameRoute, async (c) => {
      const { id } = c.req.valid("param");
      const { name } = c.req.valid("json");
      const db = database(c.env.DB);
      return c.json(
        workspaceBody(await renameWorkspace(db, c.var.principal.userId, id, name, Date.now())),
        200,
      );
    })
    .openapi(deleteRoute, async (c) => {
      const { id } = c.req.valid("param");
      await deleteWorkspace(database(c.env.DB), c.var.principal.userId, id, Date.now());
      await announceAccess(c.env, id);
      return c.body(null, 204);
    })
    .openapi(restoreRoute, async (c) => {
      const { id } = c.req.valid("param");
      const db = database(c.env.DB);
      return c.json(workspaceBody(await restoreWorkspace(db, c.var.principal.userId, id, Date.now())), 200);
    })
    .route("/", memberRoutes(announceAccess))
    .route("/", invitationRoutes);
}
