import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import { authenticate } from "../auth/authenticate.ts";
import { database } from "../db/database.ts";
import { settingsOf } from "../env.ts";
import { idempotent } from "../idempotency/idempotent.ts";
import { bearerToken } from "../platform/bearer-token.ts";
import { jsonBody } from "../platform/json-body.ts";
import { bodyProblems, jsonAnswer, jsonRequest } from "../platform/openapi.ts";
import { readPage } from "../platform/page.ts";
import type { RequestContext } from "../platform/request-context.ts";
import { limits } from "../protocol/limits.ts";
import { idempotencyKey, idempotencyProblems } from "../protocol/rest/idempotency.ts";
import { pageQuery } from "../protocol/rest/page.ts";
import * as schemas from "../protocol/rest/sharing.ts";
import { id } from "../protocol/rest/text.ts";
import { announceAccess } from "./access-changes.ts";
import { asked, mayWrite, params, problems, problemsOfOne, reading } from "./document-route.ts";
import {
  changeShareLink,
  createShareLink,
  listShareLinks,
  revokeShareLink,
  type ShareLink,
} from "./share-links.ts";
import { openLink } from "./visitors.ts";

const small = jsonBody(limits.smallBodyBytes);

const createLinkRoute = createRoute({
  method: "post",
  path: "/documents/{id}/share-links",
  summary: "Make a link that lets whoever has it into a document (owners)",
  description:
    "The token in it is told once, in this answer. It stands behind the `#`, which browsers send to nobody.",
  ...reading,
  middleware: [mayWrite, small, idempotent] as const,
  request: { params, headers: idempotencyKey, body: jsonRequest(schemas.newShareLink) },
  responses: {
    201: jsonAnswer(schemas.createdShareLink, "The link, with its token."),
    ...problems(...bodyProblems, ...idempotencyProblems, "forbidden", "not_found", "quota_exceeded"),
  },
});

const listLinksRoute = createRoute({
  method: "get",
  path: "/documents/{id}/share-links",
  summary: "List the links into a document (owners)",
  ...reading,
  request: { params, query: pageQuery },
  responses: {
    200: jsonAnswer(schemas.shareLinkPage, "A page of links, without their tokens, the oldest first."),
    ...problemsOfOne("forbidden"),
  },
});

const changeLinkRoute = createRoute({
  method: "patch",
  path: "/documents/{id}/share-links/{link_id}",
  summary: "Change a link, and what everybody has by it (owners)",
  description:
    "The token stays. Another role reaches open sockets at once, and a link that is not for guests any more has none; a time that is brought forward holds for sockets that are open at the next renewal of their token, within ten minutes.",
  ...reading,
  middleware: [mayWrite, small] as const,
  request: { params: z.object({ id, link_id: id }), body: jsonRequest(schemas.shareLinkChange) },
  responses: {
    200: jsonAnswer(schemas.shareLink, "The link as it is now."),
    ...problems(...bodyProblems, "forbidden", "not_found"),
  },
});

const revokeLinkRoute = createRoute({
  method: "delete",
  path: "/documents/{id}/share-links/{link_id}",
  summary: "Revoke a link, and what everybody has by it, at once (owners)",
  ...reading,
  middleware: mayWrite,
  request: { params: z.object({ id, link_id: id }) },
  responses: {
    204: { description: "It lets nobody in any more, and who had come in by it alone is out." },
    ...problemsOfOne("forbidden"),
  },
});

const openLinkRoute = createRoute({
  method: "post",
  path: "/share-links/open",
  summary: "Come into a document by a link",
  description:
    "Signed in, one has the document from then on with one's own token. Without an account, one gives a name, and gets a token for this one document.",
  security: [{ bearer: [] }, {}],
  middleware: [small] as const,
  request: { body: jsonRequest(schemas.linkOpening) },
  responses: {
    200: jsonAnswer(schemas.openedLink, "Which document it is, and what one may do there."),
    ...problems(...bodyProblems, "not_found", "quota_exceeded"),
  },
});

/** Links into documents. */
export const shareLinkRoutes = new OpenAPIHono<RequestContext>()
  .openapi(createLinkRoute, async (c) => {
    const [{ db }, actorId, documentId] = asked(c);
    const { expires_at, ...wanted } = c.req.valid("json");
    const expiresAt = expires_at === null ? null : Date.parse(expires_at);
    const link = { documentId, ...wanted, expiresAt };
    const made = await createShareLink(db, actorId, c.var.making, link, Date.now());
    const url = `${settingsOf(c.env).publicUrl}/shared#token=${made.token}`;
    return c.json({ ...linkBody(made.link), token: made.token, url }, 201);
  })
  .openapi(listLinksRoute, async (c) => {
    const [{ db }, actorId, documentId] = asked(c);
    const { rows, nextCursor } = await readPage(c.req.valid("query"), (slice) =>
      listShareLinks(db, actorId, documentId, slice),
    );
    return c.json({ items: rows.map(linkBody), next_cursor: nextCursor }, 200);
  })
  .openapi(changeLinkRoute, async (c) => {
    const [{ db }, actorId, documentId] = asked(c);
    const { expires_at, ...change } = c.req.valid("json");
    const changed = await changeShareLink(
      db,
      actorId,
      { documentId, linkId: c.req.valid("param").link_id },
      {
        ...change,
        ...(expires_at !== undefined && { expiresAt: expires_at === null ? null : Date.parse(expires_at) }),
      },
      Date.now(),
    );
    await announceAccess(c.env, { where: { documentId }, reason: "the document's sharing has changed" });
    return c.json(linkBody(changed), 200);
  })
  .openapi(revokeLinkRoute, async (c) => {
    const [{ db }, actorId, documentId] = asked(c);
    await revokeShareLink(db, actorId, { documentId, linkId: c.req.valid("param").link_id }, Date.now());
    await announceAccess(c.env, { where: { documentId }, reason: "the document's sharing has changed" });
    return c.body(null, 204);
  })
  .openapi(openLinkRoute, async (c) => {
    const authorization = c.req.header("authorization");
    const user =
      authorization === undefined
        ? undefined
        : await authenticate(c.env, bearerToken(authorization), "documents:write");
    const { token, name } = c.req.valid("json");
    const opened = await openLink(database(c.env.DB), { token, userId: user?.userId, name }, Date.now());
    const { documentId, role, history, guest } = opened;
    return c.json(
      {
        document_id: documentId,
        role,
        history,
        guest: guest && {
          user_id: guest.id,
          name: guest.name,
          access_token: guest.token,
          expires_at: new Date(guest.expiresAt).toISOString(),
        },
      },
      200,
    );
  });

function linkBody(link: ShareLink): schemas.ShareLinkBody {
  return {
    id: link.id,
    document_id: link.documentId,
    name: link.name,
    role: link.role,
    history: link.history,
    guests: link.guests,
    created_by: link.createdBy,
    created_at: new Date(link.createdAt).toISOString(),
    expires_at: link.expiresAt === null ? null : new Date(link.expiresAt).toISOString(),
  };
}
