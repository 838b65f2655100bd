import { env } from "cloudflare:workers";
import { describe, expect, it, vi } from "vitest";
import { insertion, MateriClient } from "../../src/client/index.ts";
import { operationTraceId } from "../../src/protocol/operation-trace.ts";
import { api, newAccount } from "../support/api.ts";
import { announced, openSocket } from "../support/socket.ts";
import { theSpan } from "../support/spans.ts";
import { throughTheDoor, UpgradedSocket } from "../support/upgraded-socket.ts";
import { arrived, newTarget, verified, workspaceWithWebhook } from "../support/webhooks.ts";

/** The service's lines from now on. */
function readLog(): () => Record<string, unknown>[] {
  const lines = vi.spyOn(console, "info");
  return () => lines.mock.calls.map(([line]) => JSON.parse(String(line)));
}

const soon = { timeout: 10_000, interval: 100 };

/** What the webhook is told of a document by events of this type, when it is told. */
const toldOf = (target: ReturnType<typeof newTarget>, secret: string, type: string, documentId: string) =>
  vi.waitFor(
    async () => {
      const told = (await arrived(target))
        .map((message) => ({ ...verified(secret, message), headers: message.headers }))
        .filter((message) => message.type === type && message.data.document_id === documentId);
      expect(told).toHaveLength(1);
      return told[0]! as (typeof told)[0] & { trace_id: string };
    },
    { timeout: 20_000, interval: 100 },
  );

describe("one trace id", () => {
  it("TR-1, TR-2, TR-3: leads from a keystroke through commit, others, history and event to the webhook", async () => {
    const logged = readLog();
    const account = await newAccount();
    const { access_token: token } = account;
    const target = newTarget();
    const { workspaceId, id: webhookId, secret } = await workspaceWithWebhook(token, target);
    const json = { title: "T", content: "one", workspace_id: workspaceId };
    const id: string = (await api("POST", "/documents", { token, json })).body.id;
    const observer = await openSocket(id, token);
    await observer.ask({ type: "hello", client_id: "observer" });

    const client = new MateriClient({ url: "https://materi.test", fetch: throughTheDoor as typeof fetch });
    await client.auth.login({ email: account.user.email, password: "SecurePass123!" });
    const session = client.open(id, { WebSocket: UpgradedSocket as unknown as typeof WebSocket });
    await session.ready();
    const acknowledged = new Promise<number>((done) => {
      session.on("acknowledged", ({ version }) => done(version));
    });
    session.edit(insertion(0, "zero "));
    const traceId = operationTraceId(id, await acknowledged);
    session.close();

    let frame = await observer.next();
    while (frame.type !== "operations") frame = await observer.next();
    expect(operationTraceId(id, frame.from)).toBe(traceId);

    const commit = { event: "room_commit", document_id: id, version: 2, operation_trace_ids: traceId };
    await vi.waitFor(() => expect(logged()).toContainEqual(expect.objectContaining(commit)), soon);
    await theSpan("room.commit", { document_id: id, operation_trace_ids: traceId });

    const { body: operations } = await api("GET", `/documents/${id}/operations?since=1`, { token });
    expect(operations.items).toMatchObject([{ trace_id: traceId }]);
    expect((await api("GET", `/documents/${id}/versions/2`, { token })).body.trace_id).toBe(traceId);

    await announced(env.ROOMS.getByName(id));
    const message = await toldOf(target, secret, "documents.updated", id);
    expect(message).toMatchObject({ trace_id: traceId, data: { first_version: 2, version: 2 } });
    const delivered = await theSpan("webhook.deliver", { webhook_id: webhookId, trace_id: traceId });
    expect(message.headers.traceparent).toBe(`00-${traceId}-${delivered.spanId}-01`);
    await theSpan("event.consume", { type: "documents.updated", trace_id: traceId });
    await vi.waitFor(
      () =>
        expect(logged()).toContainEqual(
          expect.objectContaining({
            event: "webhook_delivery",
            webhook_id: webhookId,
            trace_id: traceId,
            status: 200,
          }),
        ),
      soon,
    );
    observer.close();
  });

  it("TR-2: of a request and of the operation that it led to name each other, by every door of REST", async () => {
    const logged = readLog();
    const { access_token: token } = await newAccount();
    const id: string = (await api("POST", "/documents", { token, json: { title: "T", content: "one" } })).body
      .id;
    const doors = [
      () => api("PATCH", `/documents/${id}`, { token, json: { content: "two" } }),
      () =>
        api("PATCH", `/documents/${id}/content`, { token, json: { edits: [{ type: "append", text: "!" }] } }),
      () =>
        api("POST", `/documents/${id}/operations`, {
          token,
          json: { client_id: "a-1", seq: 1, base: 3, op: ["zero "] },
        }),
      () => api("POST", `/documents/${id}/restorations`, { token, json: { version: 1 } }),
      () => api("POST", `/documents/${id}/redactions`, { token, json: { version: 5, from: 0, to: 1 } }),
    ];
    for (const [index, door] of doors.entries()) {
      const answer = await door();
      const version = index + 2;
      const traceId = operationTraceId(id, version);
      expect(answer.body.version, answer.text).toBe(version);
      // The answer of `PATCH /documents/{id}` is the document.
      if (index > 0) expect(answer.body.trace_id).toBe(traceId);
      const request_id = answer.headers.get("x-request-id")!;
      await theSpan(`HTTP ${index < 2 ? "PATCH" : "POST"}`, { request_id, operation_trace_id: traceId });
      expect(logged()).toContainEqual(
        expect.objectContaining({ event: "request", request_id, operation_trace_id: traceId }),
      );
    }
  });

  it("TR-2: is named by a commit for each of its operations, of many for the newest eight", async () => {
    const logged = readLog();
    const { access_token: token } = await newAccount();
    const id: string = (await api("POST", "/documents", { token, json: { title: "T" } })).body.id;
    const socket = await openSocket(id, token);
    for (let count = 0; count < 20; count++) socket.send({ op_type: "insert", position: 0, content: "x" });
    for (let count = 0; count < 20; count++) await socket.next();
    socket.close();
    const commits = await vi.waitFor(() => {
      const lines = logged().filter(
        ({ event, document_id }) => event === "room_commit" && document_id === id,
      );
      expect(lines.at(-1)?.version).toBe(20);
      return lines;
    }, soon);
    expect(commits.some(({ operations }) => Number(operations) > 8)).toBe(true);
    for (const { from, version, operation_trace_ids } of commits) {
      const newest = Math.max(Number(from), Number(version) - 7);
      const expected = Array.from({ length: Number(version) - newest + 1 }, (_, k) =>
        operationTraceId(id, newest + k),
      );
      expect(String(operation_trace_ids).split(" ")).toEqual(expected);
    }
  });

  it("TR-3: of a request, its caller's own, is that of the events and webhooks that come of it", async () => {
    const { access_token: token } = await newAccount();
    const target = newTarget();
    const { workspaceId, secret } = await workspaceWithWebhook(token, target, {
      events: ["documents.created"],
    });
    const traceId = crypto.randomUUID().replaceAll("-", "");
    const made = await api("POST", "/documents", {
      token,
      json: { title: "T", workspace_id: workspaceId },
      headers: { traceparent: `00-${traceId}-b7ad6b7169203331-01` },
    });
    const message = await toldOf(target, secret, "documents.created", made.body.id);
    expect(message.trace_id).toBe(traceId);
    expect(message.headers.traceparent).toMatch(new RegExp(`^00-${traceId}-`));
  });
});
