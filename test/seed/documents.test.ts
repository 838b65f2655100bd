// The seed's document_service_test.go and integration_test.go, under their own names.
import { beforeAll, describe, expect, it } from "vitest";
import { api, newAccount } from "../support/api.ts";

let token: string;
let userId: string;
let workspaceId: string;

beforeAll(async () => {
  const account = await newAccount();
  token = account.access_token;
  userId = account.user.id;
  workspaceId = (await api("POST", "/documents", { token, json: { title: "First" } })).body.workspace_id;
});

describe("DocumentServiceTestSuite", () => {
  it("TestCreateDocument_Success", async () => {
    const result = await api("POST", "/documents", {
      token,
      json: { title: "Test Document", content: "Initial content", workspace_id: workspaceId },
    });
    expect(result.status).toBe(201);
    expect(result.body).toMatchObject({
      id: expect.any(String),
      title: "Test Document",
      content: "Initial content",
      workspace_id: workspaceId,
      owner_id: userId,
    });
    expect(Date.parse(result.body.created_at)).toBeGreaterThan(0);
  });

  it("TestCreateDocument_ValidationError", async () => {
    const result = await api("POST", "/documents", { token, json: { title: "", content: "Content" } });
    expect(result.status).toBe(422);
    expect(result.text).toContain("title is required");
    expect(result.body.id).toBeUndefined();
  });
});

it("TestDocumentCRUD_Integration", async () => {
  const doc = await api("POST", "/documents", {
    token,
    json: { title: "Integration Test Doc", content: "Test content", workspace_id: workspaceId },
  });
  expect(doc.status).toBe(201);
  expect(doc.body.id).not.toBe("");
  const path = `/documents/${doc.body.id}`;

  const retrieved = await api("GET", path, { token });
  expect(retrieved.status).toBe(200);
  expect(retrieved.body.title).toBe(doc.body.title);
  expect(retrieved.body.content).toBe("Test content");

  const updated = await api("PATCH", path, { token, json: { title: "Updated Title" } });
  expect(updated.status).toBe(200);
  expect(updated.body.title).toBe("Updated Title");

  expect((await api("DELETE", path, { token })).status).toBe(204);
  expect((await api("GET", path, { token })).status).toBe(404);
});
