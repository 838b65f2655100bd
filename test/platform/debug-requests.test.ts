import { exports } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { serverLimits } from "../../src/protocol/limits.ts";
import { api, expectProblem, newAccount } from "../support/api.ts";
import { debugLines } from "../support/debug-lines.ts";
import { secretsIn } from "../support/log-secrets.ts";
import { behindTheAnswer } from "../support/mailbox.ts";
import { testSecrets } from "../support/secrets.ts";
import { TestSocket } from "../support/socket.ts";

const debug = { "x-materi-debug": testSecrets.ADMIN_TOKEN };
const lines = () => debugLines("debug_request", "debug_answer");

afterEach(() => void vi.restoreAllMocks());

describe("debugging of a request", () => {
  it("shows method, path, query, headers and body; then status, duration, headers and body", async () => {
    const { access_token: token } = await newAccount();
    const shown = lines();
    const made = await api("POST", "/documents?note=why", {
      token,
      json: { title: "Minutes", content: "Hello" },
      headers: { ...debug, "x-note": "here" },
    });
    const common = {
      level: "debug",
      request_id: made.headers.get("x-request-id"),
      trace_id: expect.stringMatching(/^[0-9a-f]{32}$/),
      method: "POST",
      route: "/api/v1/documents",
    };
    expect(shown).toEqual([
      {
        event: "debug_request",
        ...common,
        path: "/api/v1/documents",
        query: "note=why",
        headers: expect.stringMatching(/^authorization: \[redacted\]$[\s\S]*^x-note: here$/m),
        body: '{"title":"Minutes","content":"Hello"}',
        body_bytes: 37,
      },
      {
        event: "debug_answer",
        ...common,
        status: 201,
        duration_ms: expect.any(Number),
        headers: expect.stringMatching(/^etag: "v1"$/m),
        body: made.text,
        body_bytes: made.text.length,
      },
    ]);
  });

  it("is for the operator alone: with another's token the request is refused, without one nothing is shown", async () => {
    const { access_token: token } = await newAccount();
    const shown = lines();
    expectProblem(
      await api("GET", "/documents", { token, headers: { "x-materi-debug": token } }),
      "invalid_token",
    );
    await api("GET", "/documents", { token });
    expect(shown).toEqual([]);
  });

  it("shows refusals, also of what is no JSON, and a body that nobody has read as that", async () => {
    const shown = lines();
    const headers = { ...debug, "content-type": "application/json" };
    expectProblem(await api("POST", "/auth/login", { body: '{"email": ', headers }), "invalid_request");
    await api("POST", "/documents", { json: { title: "T" }, headers: debug });
    expect(shown).toMatchObject([
      { event: "debug_request", body: '{"email": ' },
      { event: "debug_answer", status: 400, body: expect.stringContaining('"error":"invalid_request"') },
      { event: "debug_request", body: "[not read]" },
      { event: "debug_answer", status: 401 },
    ]);
  });

  it("keeps of a long body the beginning, and changes nothing of it", async () => {
    const { access_token: token } = await newAccount();
    const shown = lines();
    const content = "word ".repeat(100_000);
    const made = await api("POST", "/documents", { token, json: { title: "T", content }, headers: debug });
    const read = await api("GET", `/documents/${made.body.id}/content`, { token, headers: debug });
    expect(read.text).toBe(content);
    for (const body of [shown[0]!.body, shown[3]!.body]) {
      expect(body).toMatch(/word …$/);
      expect(String(body).length).toBeLessThanOrEqual(serverLimits.debuggedBytes + 1);
    }
    expect(shown[3]).toMatchObject({ event: "debug_answer", body_bytes: content.length });
  });

  it("waits for no stream of events, and shows no file but its type", async () => {
    const { access_token: token } = await newAccount();
    const { body: made } = await api("POST", "/documents", { token, json: { title: "T", content: "x" } });
    const shown = lines();
    const headers = { ...debug, authorization: `Bearer ${token}`, accept: "text/event-stream" };
    const stream = await exports.default.fetch(
      new Request(`https://materi.test/api/v1/documents/${made.id}/events?since=0`, { headers }),
    );
    const reader = stream.body!.getReader();
    expect((await reader.read()).done).toBe(false);
    expect(shown.at(-1)).toMatchObject({ event: "debug_answer", body: "[text/event-stream]" });
    await reader.cancel();
    await api("GET", `/workspaces/${made.workspace_id}/export`, { token, headers: debug });
    expect(shown.at(-1)).toMatchObject({ event: "debug_answer", body: "[application/zip]" });
  });

  it("shows an answer as far as it came, where whoever asked has gone", async () => {
    const { access_token: token } = await newAccount();
    const content = "word ".repeat(200_000);
    const { body: made } = await api("POST", "/documents", { token, json: { title: "T", content } });
    const shown = lines();
    const headers = { ...debug, authorization: `Bearer ${token}` };
    const answer = await exports.default.fetch(
      new Request(`https://materi.test/api/v1/documents/${made.id}/content`, { headers }),
    );
    const reader = answer.body!.getReader();
    await reader.read();
    await reader.cancel();
    await vi.waitFor(
      () => expect(shown.at(-1)).toMatchObject({ event: "debug_answer", status: 200 }),
      behindTheAnswer,
    );
  });

  it("shows an upgrade, without its token, and leaves the socket as it is", async () => {
    const { access_token: token } = await newAccount();
    const { body: made } = await api("POST", "/documents", { token, json: { title: "T", content: "x" } });
    const shown = lines();
    const headers = {
      ...debug,
      upgrade: "websocket",
      "sec-websocket-protocol": `materi.v1, bearer.${token}`,
    };
    const upgrade = new Request(`https://materi.test/ws/documents/${made.id}`, { headers });
    const socket = new TestSocket(await exports.default.fetch(upgrade));
    expect(await socket.ask({ type: "hello", client_id: "c" })).toMatchObject({ type: "welcome" });
    expect(shown).toMatchObject([
      { headers: expect.stringContaining("sec-websocket-protocol: materi.v1, bearer.[redacted]") },
      { status: 101, body: "" },
    ]);
  });

  it("shows of a sign-in neither what came nor what was answered", async () => {
    const { user } = await newAccount();
    const shown = lines();
    await api("POST", "/auth/login", {
      json: { email: user.email, password: "SecurePass123!" },
      headers: debug,
    });
    expect(shown).toMatchObject([
      { body: '{"email":"[email]","password":"[redacted]"}' },
      { status: 200, body: expect.stringContaining('"access_token":"[redacted]"') },
    ]);
    expect(secretsIn(JSON.stringify(shown))).toEqual([]);
  });
});
