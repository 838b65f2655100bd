import { env } from "cloudflare:workers";
import { describe, expect, it, vi } from "vitest";
import { inSpan } from "../../src/platform/tracing.ts";
import { api, newAccount, send } from "../support/api.ts";
import { behindTheAnswer } from "../support/mailbox.ts";
import { openSocket } from "../support/socket.ts";
import { allBelow, namesBelow, theSpan } from "../support/spans.ts";
import { arrived, newTarget, workspaceWithWebhook } from "../support/webhooks.ts";

async function documentOf(token: string, title = "T", content = "one"): Promise<string> {
  return (await api("POST", "/documents", { token, json: { title, content } })).body.id;
}

describe("spans", () => {
  it("have the seed's names, each below the one that it is part of", async () => {
    const { access_token: token } = await newAccount();
    const id = await documentOf(token);
    const answer = await api("GET", `/documents/${id}`, { token });
    const request = await theSpan("HTTP GET", { request_id: answer.headers.get("x-request-id")! });
    expect(request.attributes).toMatchObject({
      "http.request.method": "GET",
      "http.route": "/api/v1/documents/:id",
      "http.response.status_code": 200,
    });
    const got = await theSpan("DocumentService.GetDocument", { document_id: id });
    expect(got.traceId).toBe(request.traceId);
    expect((await allBelow(request)).map(({ spanId }) => spanId)).toContain(got.spanId);
    expect(await namesBelow(got)).toContain("DatabaseFetch");
  });

  it("are there for every statement of D1, call of a room, commit and message to a queue; with no value in them", async () => {
    const { access_token: token } = await newAccount();
    const [title, content] = [crypto.randomUUID(), crypto.randomUUID()];
    const made = await api("POST", "/documents", { token, json: { title, content } });
    const request = await theSpan("HTTP POST", { request_id: made.headers.get("x-request-id")! });
    const below = await vi.waitFor(async () => {
      const found = await env.SPANS.trace(request);
      expect(found.map(({ name }) => name)).toContain("queue_send");
      return found;
    }, behindTheAnswer);
    const statements = below.flatMap(({ attributes }) => attributes["db.query.text"] ?? []);
    expect(statements.join("\n")).toMatch(/INSERT INTO "?documents/i);
    expect(below.find(({ attributes }) => attributes["jsrpc.method"] === "create")).toBeDefined();
    expect(await theSpan("room.commit", { document_id: made.body.id })).toMatchObject({
      attributes: { version: 1, operations: 1 },
    });
    expect(JSON.stringify(below)).not.toMatch(new RegExp(`${title}|${content}`));
  });

  it("tell of what was typed through a socket, by document and version", async () => {
    const { access_token: token } = await newAccount();
    const id = await documentOf(token, "T", "");
    const socket = await openSocket(id, token);
    await socket.ask({ op_type: "insert", position: 0, content: "Hello" });
    await theSpan("room.commit", { document_id: id, version: 1 });
  });

  it("record what was thrown, by name and code and not in its words; a refusal is no fault", async () => {
    const { access_token: token } = await newAccount();
    const absent = crypto.randomUUID();
    await api("GET", `/documents/${absent}`, { token });
    const refused = await theSpan("DocumentService.GetDocument", { document_id: absent });
    expect(refused.exceptions).toMatchObject([{ name: "Problem", code: "not_found" }]);
    expect(refused.status).toBeUndefined();

    const test_id = crypto.randomUUID();
    const fault = Object.assign(new Error("insert into users: Ann"), { code: "SQLITE_BUSY" });
    const fails = () => {
      throw fault;
    };
    expect(() => inSpan("test", { test_id, how: "at once" }, fails)).toThrow(fault);
    await expect(inSpan("test", { test_id, how: "later" }, async () => fails())).rejects.toBe(fault);
    for (const how of ["at once", "later"]) {
      const failed = await theSpan("test", { test_id, how });
      expect(failed).toMatchObject({
        status: "error",
        exceptions: [{ name: "Error", code: "SQLITE_BUSY", message: "" }],
      });
      expect(JSON.stringify(failed)).not.toContain("Ann");
    }
  });

  it("are there for every attempt at a webhook, with what came of it", async () => {
    const { access_token: token } = await newAccount();
    const target = newTarget();
    const { id, workspaceId } = await workspaceWithWebhook(token, target);
    await target.script([500]);
    await api("PATCH", `/workspaces/${workspaceId}`, { token, json: { name: "Other" } });
    await arrived(target, 1);
    expect(await theSpan("webhook.deliver", { webhook_id: id, attempt: 1 })).toMatchObject({
      attributes: { "http.response.status_code": 500, failure: "status" },
    });
  });
});

describe("traceparent", () => {
  const caller = { traceId: "0af7651916cd43dd8448eb211c80319c", spanId: "b7ad6b7169203331" };

  it("goes on from the caller's, whose ids the request's span has", async () => {
    const header = `00-${caller.traceId}-${caller.spanId}-01`;
    const { headers } = await send("GET", "/health", { headers: { traceparent: header } });
    const span = await theSpan("HTTP GET", { request_id: headers.get("x-request-id")! });
    expect(span.attributes).toMatchObject({
      "trace.caller_id": caller.traceId,
      "trace.caller_span_id": caller.spanId,
    });
    expect(headers.get("traceparent")).toBe(`00-${caller.traceId}-${span.spanId}-01`);
  });

  it.each([
    ["none", undefined],
    ["no such version", `ff-${caller.traceId}-${caller.spanId}-01`],
    ["more than its version has", `00-${caller.traceId}-${caller.spanId}-01-more`],
    ["upper case", `00-${caller.traceId.toUpperCase()}-${caller.spanId}-01`],
    ["a trace of zeros", `00-${"0".repeat(32)}-${caller.spanId}-01`],
    ["a span of zeros", `00-${caller.traceId}-${"0".repeat(16)}-01`],
    ["something else", "'; DROP TABLE users; --"],
  ])("begins anew with %s", async (_what, traceparent) => {
    const { headers } = await send("GET", "/health", {
      headers: traceparent === undefined ? {} : { traceparent },
    });
    expect(headers.get("traceparent")).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]$/);
    expect(headers.get("traceparent")).not.toContain(caller.traceId);
  });

  it("of a version to come is read as far as it is known", async () => {
    const { headers } = await send("GET", "/health", {
      headers: { traceparent: `a7-${caller.traceId}-${caller.spanId}-fe-more` },
    });
    expect(headers.get("traceparent")).toMatch(new RegExp(`^00-${caller.traceId}-[0-9a-f]{16}-00$`));
  });
});
