import { describe, expect, it } from "vitest";
import { api, expectProblem, newAccount, send } from "../support/api.ts";
import { openSocket } from "../support/socket.ts";

describe("GET /documents/{id}/stats", () => {
  it("tells the owner what the room has used", async () => {
    const token = (await newAccount()).access_token;
    const { id } = (await api("POST", "/documents", { token, json: { title: "T", content: "text" } })).body;
    const stats = async () => (await api("GET", `/documents/${id}/stats`, { token })).body;
    const before = await stats();
    const socket = await openSocket(id, token);
    await socket.ask({ op_type: "insert", position: 0, content: "a" });
    const after = await stats();
    expect(after).toMatchObject({
      since: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      frames_in: 1,
      frames_out: 1,
      flushes: before.flushes + 1,
      operations: before.operations + 1,
      sockets: 1,
    });
    expect(after.rows_written).toBeGreaterThan(before.rows_written);
    expect(after.database_bytes).toBeGreaterThan(0);

    const { components } = (await send("GET", "/openapi.json")).body;
    expect(Object.keys(after).sort()).toEqual(
      Object.keys(components.schemas.DocumentStats.properties).sort(),
    );
  });

  it("tells nobody else, and not of a document that is gone", async () => {
    const token = (await newAccount()).access_token;
    const stranger = (await newAccount()).access_token;
    const { id } = (await api("POST", "/documents", { token, json: { title: "T" } })).body;
    expectProblem(await api("GET", `/documents/${id}/stats`), "unauthenticated");
    expectProblem(await api("GET", `/documents/${id}/stats`, { token: stranger }), "not_found");
    expectProblem(await api("GET", "/documents/x/stats", { token }), "invalid_request");
    await api("DELETE", `/documents/${id}`, { token });
    expectProblem(await api("GET", `/documents/${id}/stats`, { token }), "not_found");
  });
});
