import { createRoute, OpenAPIHono } from "@hono/zod-openapi";
import { jsonBody } from "../platform/json-body.ts";
import { log } from "../platform/log.ts";
import { bodyProblems, jsonAnswer, jsonRequest, problemAnswers } from "../platform/openapi.ts";
import { operatorOnly } from "../platform/operator-guard.ts";
import type { RequestContext } from "../platform/request-context.ts";
import { limits } from "../protocol/limits.ts";
import * as schemas from "../protocol/rest/operator-frames.ts";
import { params, placesOf } from "./document-route.ts";
import { accepted } from "./documents.ts";

const path = "/admin/documents/{id}/frame-debugging";
const security = [{ operator: [] }];
const problems = ["unauthenticated", "invalid_token", "not_configured", "not_found"] as const;
const body = jsonBody(limits.bodyBytes);

const showFramesRoute = createRoute({
  method: "put",
  path,
  summary: "For the operator: show the frames of a document's sockets in the service's log, for a time",
  description:
    "Without secrets, but with what people write in this document. Open sockets are shown at once, also those of viewers.",
  security,
  middleware: [operatorOnly, body] as [typeof operatorOnly, typeof body],
  request: { params, body: jsonRequest(schemas.frameDebugging) },
  responses: {
    200: jsonAnswer(schemas.framesShown, "They are shown."),
    ...problemAnswers(...problems, ...bodyProblems),
  },
});

const hideFramesRoute = createRoute({
  method: "delete",
  path,
  summary: "For the operator: show the frames no longer",
  security,
  middleware: operatorOnly,
  request: { params },
  responses: {
    204: { description: "They are not shown." },
    ...problemAnswers(...problems, "invalid_request"),
  },
});

export const frameDebuggingRoutes = new OpenAPIHono<RequestContext>()
  .openapi(showFramesRoute, async (c) => {
    const { id } = c.req.valid("param");
    const until = Date.now() + c.req.valid("json").seconds * 1_000;
    accepted(await placesOf(c.env).room(id).debugFrames(until));
    log("warn", "operator_shows_frames", { request_id: c.get("requestId"), document_id: id, until });
    return c.json({ until: new Date(until).toISOString() }, 200);
  })
  .openapi(hideFramesRoute, async (c) => {
    const { id } = c.req.valid("param");
    accepted(await placesOf(c.env).room(id).debugFrames(undefined));
    return c.body(null, 204);
  });
