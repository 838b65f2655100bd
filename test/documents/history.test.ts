import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { operationTraceId } from "../../src/protocol/operation-trace.ts";
import { api, expectProblem, newAccount } from "../support/api.ts";

let token: string;
let stranger: string;
beforeAll(async () => {
  token = (await newAccount()).access_token;
  stranger = (await newAccount()).access_token;
});

async function created(content: string): Promise<string> {
  return (await api("POST", "/documents", { token, json: { title: "A history", content } })).body.id;
}

describe("integrity over REST", () => {
  it("tells the owner what the replay has shown", async () => {
    const id = await created("text");
    await api("PATCH", `/documents/${id}`, { token, json: { content: "other text" } });
    const answer = await api("POST", `/documents/${id}/integrity`, { token });
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({
      sound: true,
      version: 2,
      horizon: 0,
      operations: 2,
      points: 2,
      faults: [],
    });
  });

  it("AU-4: tells nobody else", async () => {
    const id = await created("text");
    expectProblem(await api("POST", `/documents/${id}/integrity`, { token: stranger }), "not_found");
    expectProblem(await api("POST", `/documents/${id}/integrity`), "unauthenticated");
    expectProblem(await api("POST", `/documents/${crypto.randomUUID()}/integrity`, { token }), "not_found");
  });
});

describe("redaction over REST", () => {
  const redact = (id: string, json: object, who = token) =>
    api("POST", `/documents/${id}/redactions`, { token: who, json });

  it("takes a span out of a text that is long gone, and says at which version the document is", async () => {
    const id = await created("my secret");
    await api("PATCH", `/documents/${id}`, { token, json: { content: "public" } });
    const answer = await redact(id, { version: 1, from: 3, to: 9 });
    expect([answer.status, answer.body]).toEqual([200, { version: 2, trace_id: operationTraceId(id, 2) }]);
    await env.ROOMS.getByName(id).compact();
    expect((await api("POST", `/documents/${id}/integrity`, { token })).body).toMatchObject({ sound: true });
    expect((await api("GET", `/documents/${id}`, { token })).body).toMatchObject({
      content: "public",
      version: 2,
    });
  });

  it("a span that is in the text is one change of it", async () => {
    const id = await created("my secret");
    expect((await redact(id, { version: 1, from: 3, to: 9 })).body).toEqual({
      version: 2,
      trace_id: operationTraceId(id, 2),
    });
    expect((await api("GET", `/documents/${id}`, { token })).body.content).toBe(
      "my \u2588\u2588\u2588\u2588\u2588\u2588",
    );
  });

  it("refuses what makes no sense, and everybody but the owner", async () => {
    const id = await created("text");
    expectProblem(await redact(id, { version: 1, from: 3, to: 3 }), "validation_failed");
    expectProblem(await redact(id, { version: 1, from: -1, to: 3 }), "validation_failed");
    expectProblem(await redact(id, { version: 1, from: 0.5, to: 3 }), "validation_failed");
    expectProblem(await redact(id, { version: 1, from: 3, to: 5 }), "out_of_range");
    expectProblem(await redact(id, { version: 2, from: 0, to: 1 }), "base_ahead");
    expectProblem(await redact(id, { version: 1, from: 0, to: 1 }, stranger), "not_found");
    expect((await api("GET", `/documents/${id}`, { token })).body).toMatchObject({
      content: "text",
      version: 1,
    });
  });
});
