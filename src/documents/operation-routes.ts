import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import { sessionEnded } from "../auth/authenticate.ts";
import { jsonBody } from "../platform/json-body.ts";
import { bodyProblems, jsonAnswer, jsonRequest } from "../platform/openapi.ts";
import type { RequestContext } from "../platform/request-context.ts";
import { encodeHello } from "../protocol/client-frames.ts";
import { closeCodes } from "../protocol/close-codes.ts";
import { limits } from "../protocol/limits.ts";
import { operationTraceId } from "../protocol/operation-trace.ts";
import type { OperationListBody } from "../protocol/rest/content.ts";
import * as schemas from "../protocol/rest/content.ts";
import type { AcceptedOperations } from "../room/room-api.ts";
import { readOperations, submitOperation } from "./content.ts";
import {
  asked,
  askedAsAuthor,
  mayWrite,
  params,
  problems,
  problemsOfOne,
  reading,
  security,
} from "./document-route.ts";
import { eventStream } from "./event-stream.ts";
import { nextOperation } from "./next-operation.ts";
import { roomSocket } from "./room-socket.ts";
import { admit } from "./socket-access.ts";

/** A frame of a socket in UTF-8, which has at most three bytes for a code unit. */
const frameBody = jsonBody(3 * limits.frameUnits);

const submitOperationRoute = createRoute({
  method: "post",
  path: "/documents/{id}/operations",
  summary: "Submit an operation, as on the socket",
  description:
    "The same operations, ids and exactly-once as on the socket (docs/protocol.md): send it again, unchanged, until it is " +
    "answered, and it counts once, whichever way it came.",
  security,
  middleware: [mayWrite, frameBody] as [typeof mayWrite, typeof frameBody],
  request: { params, body: jsonRequest(schemas.submission) },
  responses: {
    200: jsonAnswer(schemas.submitted, "The operation is in the document, now or since it was first sent."),
    ...problems(
      ...bodyProblems,
      "forbidden",
      "not_found",
      "invalid_operation",
      "operation_too_large",
      "out_of_range",
      "splits_surrogate",
      "document_too_large",
      "base_ahead",
      "too_old",
      "seq_gap",
      "seq_reused",
      "storage_full",
    ),
  },
});

const readOperationsRoute = createRoute({
  method: "get",
  path: "/documents/{id}/operations",
  summary: "Read what was accepted since a version, or wait for it",
  description:
    "With `wait`, an answer that would be empty comes when there is an operation, or after so many seconds.",
  ...reading,
  request: { params, query: schemas.operationsQuery },
  responses: {
    200: jsonAnswer(schemas.operationList, "The operations after `since`, none if there are none."),
    ...problemsOfOne("forbidden", "base_ahead", "too_old"),
  },
});

const readEventsRoute = createRoute({
  method: "get",
  path: "/documents/{id}/events",
  summary: "Follow a document by server-sent events",
  description:
    "The socket's frames, for networks that block sockets: `event` is a frame's type, `data` the frame, `id` the version that the " +
    "reader has after it, with the epoch behind a hyphen; `Last-Event-ID` goes on from there. A last event `close` has the socket's " +
    "close code, and whether to come back.",
  ...reading,
  request: {
    params,
    query: schemas.eventsQuery,
    headers: z.object({
      "last-event-id": z
        .string()
        .regex(/^\d{1,15}(-.{1,64})?$/, "Last-Event-ID must be the id of an event, or a version")
        .optional(),
    }),
  },
  responses: {
    200: { description: "Events.", content: { "text/event-stream": { schema: z.string() } } },
    ...problemsOfOne(),
  },
});

/** The socket's operations by HTTP alone. */
export const operationRoutes = new OpenAPIHono<RequestContext>()
  .openapi(submitOperationRoute, async (c) => {
    const { client_id: clientId, seq, base, op } = c.req.valid("json");
    const submitted = await submitOperation(...askedAsAuthor(c), { clientId, seq, base, op });
    c.set("version", submitted.version);
    return c.json({ seq, ...submitted }, 200);
  })
  .openapi(readOperationsRoute, async (c) => {
    const { id } = c.req.valid("param");
    const { since, limit, wait } = c.req.valid("query");
    const read = () => readOperations(...asked(c), { since, limit });
    const found = await read();
    if (found.items.length > 0 || wait === 0) return c.json(listBody(id, found), 200);
    const socket = await roomSocket(c.env, id, await admit(c.env, c.var.principal, id), c.get("requestId"));
    const closed = await nextOperation(socket, { since, ms: wait * 1_000 });
    const next = await read();
    // It is not the document that one may not see any more.
    if (closed === closeCodes.revoked.code || closed === closeCodes.tokenExpired.code) throw sessionEnded();
    return c.json(listBody(id, next), 200);
  })
  .openapi(readEventsRoute, async (c) => {
    const { since, epoch, client_id, last_seq: lastSeq } = c.req.valid("query");
    const [, version, ofEpoch] = /^(\d+)(?:-(.+))?$/.exec(c.req.valid("header")["last-event-id"] ?? "") ?? [];
    const hello = encodeHello({
      clientId: client_id ?? crypto.randomUUID(),
      since: version === undefined ? since : Number(version),
      epoch: ofEpoch ?? epoch,
      lastSeq,
    });
    const { id } = c.req.valid("param");
    const socket = await roomSocket(c.env, id, await admit(c.env, c.var.principal, id), c.get("requestId"));
    return c.body(eventStream(socket, hello), 200, {
      "content-type": "text/event-stream",
      "x-accel-buffering": "no",
    });
  });

function listBody(
  documentId: string,
  { from, items, actors, version, epoch, horizon }: AcceptedOperations,
): OperationListBody {
  return {
    from,
    items: items.map(({ op, ...item }, index) => ({
      op: [...op],
      ...item,
      trace_id: operationTraceId(documentId, from + index),
    })),
    actors,
    version,
    epoch,
    horizon,
  };
}
