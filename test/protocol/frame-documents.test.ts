import { describe, expect, it } from "vitest";
import { asyncApi, frameSchemas } from "../../src/protocol/frame-documents.ts";
import { send } from "../support/api.ts";

describe("what is served of the protocol", () => {
  it("/protocol/schemas.json has the frames' JSON Schemas", async () => {
    const answer = await send("GET", "/protocol/schemas.json");
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual(JSON.parse(JSON.stringify(frameSchemas())));
  });

  it("/asyncapi.json describes the socket of the server that was asked", async () => {
    const answer = await send("GET", "/asyncapi.json");
    expect(answer.status).toBe(200);
    expect(answer.body.servers.here).toMatchObject({ host: "materi.test", protocol: "wss" });
    expect(answer.body).toEqual(JSON.parse(JSON.stringify(asyncApi(new URL("https://materi.test")))));
  });
});
