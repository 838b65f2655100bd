import { OpenAPIHono } from "@hono/zod-openapi";
import { TrieRouter } from "hono/router/trie-router";
import type { AuthPorts } from "./auth/ports.ts";
import { authRoutes } from "./auth/routes.ts";
import { publicKeySet } from "./auth/signing-keys.ts";
import { upkeep } from "./auth/upkeep.ts";
import { announceAccess } from "./documents/access-changes.ts";
import { announceAccessAfter } from "./documents/access-consumer.ts";
import { handOverDocuments, ownDocuments } from "./documents/account-documents.ts";
import { closeSockets } from "./documents/close-sockets.ts";
import { contentRoutes } from "./documents/content-routes.ts";
import { eraseDocumentsIn, sweepErasures } from "./documents/erasure.ts";
import { frameDebuggingRoutes } from "./documents/frame-debugging-routes.ts";
import { historyRoutes } from "./documents/history-routes.ts";
import { operationRoutes } from "./documents/operation-routes.ts";
import { operatorDocumentRoutes } from "./documents/operator-routes.ts";
import { documentRoutes } from "./documents/routes.ts";
import { indexAfter, sweepSearchIndex } from "./documents/search-index.ts";
import { searchRoutes } from "./documents/search-routes.ts";
import { socketRoute } from "./documents/socket.ts";
import { transferRoutes } from "./documents/transfer-routes.ts";
import { settingsOf } from "./env.ts";
import { consumeEvents } from "./events/consume.ts";
import type { EventConsumer } from "./events/event.ts";
import { type EventMessage, handOnAfter, sweepOutbox } from "./events/hand-on.ts";
import { sweepIdempotencyKeys } from "./idempotency/store.ts";
import { collectD1 } from "./monitoring/d1-metrics.ts";
import { tellMetrics } from "./monitoring/metrics-route.ts";
import { playFaults } from "./monitoring/play-faults.ts";
import { readiness } from "./monitoring/readiness.ts";
import { appPage } from "./platform/app-page.ts";
import { inBackground } from "./platform/background-work.ts";
import { debugHeader, debugRequests } from "./platform/debug-requests.ts";
import { notFoundOf, onError, onInvalid } from "./platform/error-handling.ts";
import { health } from "./platform/health.ts";
import { collectFrom } from "./platform/metrics.ts";
import { addExamples, type Describable } from "./platform/openapi-examples.ts";
import { operatorOnly } from "./platform/operator-guard.ts";
import { crossOrigin, ownPagesOnly } from "./platform/origins.ts";
import { Problem, problemTitle } from "./platform/problem.ts";
import { floodGuard } from "./platform/rate-limit.ts";
import { type Description, referencePage } from "./platform/reference-page.ts";
import { type RequestContext, requestContext } from "./platform/request-context.ts";
import { type ErrorCode, errorStatus } from "./protocol/errors.ts";
import { asyncApi, frameSchemas } from "./protocol/frame-documents.ts";
import { makeAttempts } from "./webhooks/attempt.ts";
import { type DeliveryMessage, noteDeliveries } from "./webhooks/deliveries.ts";
import { webhookRoutes } from "./webhooks/routes.ts";
import { sweepDeliveries } from "./webhooks/sweep.ts";
import { personalWorkspace } from "./workspaces/personal-workspace.ts";
import { workspaceRoutes } from "./workspaces/routes.ts";

// The router that Hono ends up with for these routes: named here it is built now, else while the first request waits.
const app = new OpenAPIHono<RequestContext>({ defaultHook: onInvalid, router: new TrieRouter() });
app.use(requestContext);
app.use(debugRequests);
app.onError(onError);
const notFound = notFoundOf(app);
app.notFound(async (c) => (await appPage(c)) ?? notFound(c));
app.use("/api/*", crossOrigin, ownPagesOnly, handOnAfter);
// After the above, so that a page of an allowed origin can read that it asked too often.
app.use(floodGuard("NETWORK_RATE"));
app.use(playFaults);

const authPorts: AuthPorts = {
  accountExtras: personalWorkspace,
  closeSockets,
  handOverDocuments,
  eraseDocumentsIn,
  ownDocuments,
};
app.route("/api/v1", authRoutes(authPorts));
app.route(
  "/api/v1",
  workspaceRoutes({
    announceAccess: (env, workspaceId, userId) =>
      announceAccess(env, {
        where: { workspaceId },
        ...(userId !== undefined && { userId }),
        reason: "the workspace's members have changed",
      }),
  }),
);
app.route("/api/v1", documentRoutes);
app.route("/api/v1", historyRoutes);
app.route("/api/v1", webhookRoutes);
app.route("/api/v1", contentRoutes);
app.route("/api/v1", operationRoutes);
app.route("/api/v1", operatorDocumentRoutes);
app.route("/api/v1", frameDebuggingRoutes);
app.route("/api/v1", searchRoutes);
app.route("/api/v1", transferRoutes);
app.route("/", socketRoute);

app.get("/health", (c) => c.json(health(Date.now(), c.env.DEPLOYMENT.id)));

app.get("/health/ready", async (c) => {
  const seen = await readiness(c.env);
  if (seen.status !== "unavailable") return c.json(seen);
  c.set("outcome", "unavailable");
  c.header("retry-after", "2");
  return c.json(seen, 503);
});

collectFrom(collectD1);
app.get("/metrics", operatorOnly, tellMetrics);

app.get("/.well-known/jwks.json", (c) => {
  // Short, so that a new key is known before the tokens that it signs are many.
  c.header("cache-control", "public, max-age=300");
  return c.json(publicKeySet(settingsOf(c.env).signingKeys));
});

app.get("/problems/:code", (c) => {
  const code = c.req.param("code");
  if (!Object.hasOwn(errorStatus, code)) throw new Problem("not_found", "There is no such problem.");
  const known = code as ErrorCode;
  return c.text(
    `${problemTitle(known)}\n\nError code ${known}, over REST with HTTP status ${errorStatus[known]}.\n`,
  );
});

app.openAPIRegistry.registerComponent("securitySchemes", "operator", {
  type: "http",
  scheme: "bearer",
  description: "The secret ADMIN_TOKEN.",
});
app.openAPIRegistry.registerComponent("securitySchemes", "bearer", {
  type: "http",
  scheme: "bearer",
  bearerFormat: "JWT, or a personal access token (mat_…)",
});
app.openAPIRegistry.registerComponent("securitySchemes", "debugging", {
  type: "apiKey",
  in: "header",
  name: debugHeader,
  description: "The secret ADMIN_TOKEN: has any one request shown in the service's log, without secrets.",
});
/** What /openapi.json says of the whole. */
export const openApi = {
  openapi: "3.1.0",
  info: {
    title: "Materi",
    version: "1",
    description: "Collaborative documents: accounts and documents over REST.",
  },
};
app.get("/openapi.json", (c) => c.body(described(), 200, { "content-type": "application/json" }));

/** Put together once, when it is first asked for: it takes half a second of a core. */
let description: string | undefined;
export const described = (): string => (description ??= JSON.stringify(describe()));

function describe(): Describable {
  // Plain JSON; the package's type of it leaves more open than any schema of ours does.
  const plain = JSON.parse(JSON.stringify(app.getOpenAPI31Document(openApi))) as Describable;
  addExamples(plain);
  return plain;
}

app.get("/docs", async (c) => {
  const { page, policy } = await referencePage(JSON.parse(described()) as Description);
  c.header("content-security-policy", policy);
  return c.html(page);
});

app.get("/asyncapi.json", (c) => c.json(asyncApi(new URL(c.req.url))));
app.get("/protocol/schemas.json", (c) => c.json(frameSchemas()));

/** Who hears of every event. */
const eventConsumers: EventConsumer[] = [announceAccessAfter, noteDeliveries, indexAfter];

/** A batch of one of the queues in wrangler.toml. */
export function fromQueue(env: Env, { queue, messages }: MessageBatch): Promise<void> {
  return inBackground("queue_batch", { queue, messages: messages.length }, () =>
    queue === "materi-events"
      ? consumeEvents(env, messages as readonly Message<EventMessage>[], eventConsumers)
      : makeAttempts(env, messages as readonly Message<DeliveryMessage>[]),
  );
}

/** What is done every minute, asked for or not (`[triggers]` in wrangler.toml). */
export function everyMinute(env: Env, now: number): Promise<void> {
  return inBackground("cron", {}, async () => {
    await sweepOutbox(env, now);
    await sweepDeliveries(env, now);
    await upkeep(env, authPorts, now);
    await sweepErasures(env, now);
    await sweepSearchIndex(env, now);
    await sweepIdempotencyKeys(env, now);
  });
}

export { app };
