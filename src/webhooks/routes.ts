import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import type { Principal } from "../auth/access-token.ts";
import { authenticated } from "../auth/authenticate.ts";
import { idempotent } from "../idempotency/idempotent.ts";
import { jsonBody } from "../platform/json-body.ts";
import { jsonAnswer, jsonRequest, problemAnswers } from "../platform/openapi.ts";
import { readPage } from "../platform/page.ts";
import type { RequestContext } from "../platform/request-context.ts";
import type { ErrorCode } from "../protocol/errors.ts";
import { limits } from "../protocol/limits.ts";
import { idempotencyKey, idempotencyProblems } from "../protocol/rest/idempotency.ts";
import { pageQuery } from "../protocol/rest/page.ts";
import { id } from "../protocol/rest/text.ts";
import * as schemas from "../protocol/rest/webhooks.ts";
import { deliveryFor, listDeliveries, messageOf, ping, redeliver } from "./deliveries.ts";
import { attemptBody, deliveryBody, webhookBody } from "./webhook-bodies.ts";
import {
  type Asker,
  changeWebhook,
  createWebhook,
  deleteWebhook,
  listWebhooks,
  rotateSecret,
  webhookFor,
} from "./webhooks.ts";

const bare = { security: [{ bearer: [] }], middleware: authenticated };
const small = jsonBody(limits.smallBodyBytes);
const withBody = {
  security: [{ bearer: [] }],
  middleware: [authenticated, small] as [typeof authenticated, typeof small],
};
const problems = (...codes: ErrorCode[]) =>
  problemAnswers(
    "unauthenticated",
    "invalid_token",
    "insufficient_scope",
    "unavailable",
    "invalid_request",
    "forbidden",
    "not_found",
    ...codes,
  );

const ofWorkspace = z.object({ id });
const ofWebhook = z.object({ id, webhook_id: id });
const ofDelivery = z.object({ id, webhook_id: id, delivery_id: id });

const createWebhookRoute = createRoute({
  method: "post",
  path: "/workspaces/{id}/webhooks",
  summary: "Have a workspace's events sent somewhere (owners and admins)",
  description:
    "Messages follow the Standard Webhooks specification: each is signed by the secret that this answers, and tried up to eight times within 28 hours until the target answers 2xx.",
  ...withBody,
  middleware: [authenticated, small, idempotent] as [typeof authenticated, typeof small, typeof idempotent],
  request: { params: ofWorkspace, headers: idempotencyKey, body: jsonRequest(schemas.newWebhook) },
  responses: {
    201: jsonAnswer(schemas.createdWebhook, "The webhook, and its secret."),
    ...problems(
      ...idempotencyProblems,
      "validation_failed",
      "unsupported_media_type",
      "payload_too_large",
      "quota_exceeded",
    ),
  },
});

const listWebhooksRoute = createRoute({
  method: "get",
  path: "/workspaces/{id}/webhooks",
  summary: "List a workspace's webhooks, those first that were there first (owners and admins)",
  ...bare,
  request: { params: ofWorkspace, query: pageQuery },
  responses: { 200: jsonAnswer(schemas.webhookPage, "A page of webhooks."), ...problems() },
});

const readWebhookRoute = createRoute({
  method: "get",
  path: "/workspaces/{id}/webhooks/{webhook_id}",
  summary: "Read a webhook (owners and admins)",
  ...bare,
  request: { params: ofWebhook },
  responses: { 200: jsonAnswer(schemas.webhook, "The webhook."), ...problems() },
});

const changeWebhookRoute = createRoute({
  method: "patch",
  path: "/workspaces/{id}/webhooks/{webhook_id}",
  summary: "Change a webhook, disable or enable it (owners and admins)",
  description: "What waits to be sent when it is disabled is given up; it can be asked for again.",
  ...withBody,
  request: { params: ofWebhook, body: jsonRequest(schemas.webhookChange) },
  responses: {
    200: jsonAnswer(schemas.webhook, "The webhook as it is now."),
    ...problems("validation_failed", "unsupported_media_type", "payload_too_large"),
  },
});

const deleteWebhookRoute = createRoute({
  method: "delete",
  path: "/workspaces/{id}/webhooks/{webhook_id}",
  summary: "Delete a webhook, with the log of its deliveries (owners and admins)",
  ...bare,
  request: { params: ofWebhook },
  responses: { 204: { description: "The webhook is gone." }, ...problems() },
});

const rotateSecretRoute = createRoute({
  method: "post",
  path: "/workspaces/{id}/webhooks/{webhook_id}/secret",
  summary: "Give a webhook a new secret (owners and admins)",
  description: `For ${limits.oldSecretHours} hours the one before signs, too; one before that no more.`,
  ...bare,
  request: { params: ofWebhook },
  responses: { 200: jsonAnswer(schemas.createdWebhook, "The webhook, and its new secret."), ...problems() },
});

const pingRoute = createRoute({
  method: "post",
  path: "/workspaces/{id}/webhooks/{webhook_id}/ping",
  summary: "Send a webhook a message of the type webhooks.ping (owners and admins)",
  ...bare,
  middleware: [authenticated, idempotent] as [typeof authenticated, typeof idempotent],
  request: { params: ofWebhook, headers: idempotencyKey },
  responses: {
    202: jsonAnswer(schemas.webhookDelivery, "It is on its way; the delivery tells what becomes of it."),
    ...problems(...idempotencyProblems, "webhook_disabled"),
  },
});

const listDeliveriesRoute = createRoute({
  method: "get",
  path: "/workspaces/{id}/webhooks/{webhook_id}/deliveries",
  summary: "List what was sent to a webhook, newest first (owners and admins)",
  description: `Deliveries are kept for ${limits.eventDays} days. Dead letters are those of the status dead.`,
  ...bare,
  request: {
    params: ofWebhook,
    query: pageQuery.extend({
      status: z.enum(schemas.deliveryStatuses, "status must be pending, delivered or dead").optional(),
    }),
  },
  responses: { 200: jsonAnswer(schemas.webhookDeliveryPage, "A page of deliveries."), ...problems() },
});

const readDeliveryRoute = createRoute({
  method: "get",
  path: "/workspaces/{id}/webhooks/{webhook_id}/deliveries/{delivery_id}",
  summary: "Read a delivery, with what is sent (owners and admins)",
  ...bare,
  request: { params: ofDelivery },
  responses: { 200: jsonAnswer(schemas.webhookDeliveryWithMessage, "The delivery."), ...problems() },
});

const redeliverRoute = createRoute({
  method: "post",
  path: "/workspaces/{id}/webhooks/{webhook_id}/deliveries/{delivery_id}/redeliver",
  summary: "Send again what was delivered or given up (owners and admins)",
  description: "The message and its webhook-id are those of the first time; the signature is new.",
  ...bare,
  request: { params: ofDelivery },
  responses: {
    202: jsonAnswer(schemas.webhookDelivery, "It is on its way."),
    ...problems("webhook_disabled"),
  },
});

function askerOf(c: {
  env: Env;
  var: { principal: Principal };
  req: { valid(target: "param"): { id: string } };
}): Asker {
  return { env: c.env, userId: c.var.principal.userId, workspaceId: c.req.valid("param").id };
}

/** Webhooks of workspaces, and what was sent to them. */
export const webhookRoutes = new OpenAPIHono<RequestContext>()
  .openapi(createWebhookRoute, async (c) => {
    const { webhook, secret } = await createWebhook(
      askerOf(c),
      { making: c.var.making, ...c.req.valid("json") },
      Date.now(),
    );
    c.header("location", `/api/v1/workspaces/${webhook.workspaceId}/webhooks/${webhook.id}`);
    return c.json({ ...webhookBody(webhook), secret }, 201);
  })
  .openapi(listWebhooksRoute, async (c) => {
    const { rows, nextCursor } = await readPage(c.req.valid("query"), (slice) =>
      listWebhooks(askerOf(c), slice),
    );
    return c.json({ items: rows.map(webhookBody), next_cursor: nextCursor }, 200);
  })
  .openapi(readWebhookRoute, async (c) =>
    c.json(webhookBody(await webhookFor(askerOf(c), c.req.valid("param").webhook_id)), 200),
  )
  .openapi(changeWebhookRoute, async (c) => {
    const { webhook_id } = c.req.valid("param");
    const changed = await changeWebhook(askerOf(c), webhook_id, c.req.valid("json"), Date.now());
    return c.json(webhookBody(changed), 200);
  })
  .openapi(deleteWebhookRoute, async (c) => {
    await deleteWebhook(askerOf(c), c.req.valid("param").webhook_id);
    return c.body(null, 204);
  })
  .openapi(rotateSecretRoute, async (c) => {
    const { webhook_id } = c.req.valid("param");
    const { webhook, secret } = await rotateSecret(askerOf(c), webhook_id, Date.now());
    return c.json({ ...webhookBody(webhook), secret }, 200);
  })
  .openapi(pingRoute, async (c) =>
    c.json(
      deliveryBody(await ping(askerOf(c), c.req.valid("param").webhook_id, c.var.making, Date.now())),
      202,
    ),
  )
  .openapi(listDeliveriesRoute, async (c) => {
    const { webhook_id } = c.req.valid("param");
    const { status, ...slice } = c.req.valid("query");
    const { rows, nextCursor } = await readPage(slice, async (part) => {
      const found = await listDeliveries(askerOf(c), webhook_id, { status, ...part });
      return found.map((delivery) => ({
        ...delivery,
        createdAt: delivery.row.createdAt,
        id: delivery.row.id,
      }));
    });
    return c.json({ items: rows.map(deliveryBody), next_cursor: nextCursor }, 200);
  })
  .openapi(readDeliveryRoute, async (c) => {
    const { webhook_id, delivery_id } = c.req.valid("param");
    const found = await deliveryFor(askerOf(c), webhook_id, delivery_id);
    const log = found.attempts.map(attemptBody);
    return c.json({ ...deliveryBody(found), message: messageOf(found.event), log }, 200);
  })
  .openapi(redeliverRoute, async (c) => {
    const { webhook_id, delivery_id } = c.req.valid("param");
    return c.json(deliveryBody(await redeliver(askerOf(c), webhook_id, delivery_id, Date.now())), 202);
  });
