import { describe, expect, it } from "vitest";
import { api, newAccount } from "../support/api.ts";
import { openSocket } from "../support/socket.ts";

describe("Relay: collaboration_test.rs", () => {
  it("test_document_collaboration", async () => {
    const { access_token: token } = await newAccount();
    const created = await api("POST", "/documents", { token, json: { title: "Test Doc" } });
    expect(created.status).toBe(201);

    const socket = await openSocket(created.body.id, token);
    const operation = { op_type: "insert", position: 0, content: "Hello" };
    const response = await socket.ask(operation);
    expect(response.success).toBe(true);
    expect(response.version).toBe(1);

    const document = await api("GET", `/documents/${created.body.id}`, { token });
    expect(document.body).toMatchObject({ content: "Hello", version: 1 });
  });

  it("test_concurrent_editing", async () => {
    const { access_token: token, user } = await newAccount();
    const { body: document } = await api("POST", "/documents", { token, json: { title: "Concurrent" } });

    // 10 concurrent editors, each with a socket of its own
    const editors = Array.from({ length: 10 }, async (_, i) => {
      const socket = await openSocket(document.id, token);
      const versions: number[] = [];
      for (let j = 0; j < 10; j++) {
        const result = await socket.ask({
          op_type: "insert",
          position: i * 100 + j,
          content: `User ${i} Edit ${j}`,
          user_id: user.id,
        });
        expect(result.success).toBe(true);
        versions.push(result.version);
      }
      return versions;
    });
    const versions = (await Promise.all(editors)).flat();

    const { body: end } = await api("GET", `/documents/${document.id}`, { token });
    expect(end.version).toBe(100); // 10 users × 10 operations
    expect(versions.sort((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, index) => index + 1));
    // Every character of the 100 edits is there once; an insert may have landed inside an earlier one.
    const edits = Array.from({ length: 100 }, (_, n) => `User ${Math.floor(n / 10)} Edit ${n % 10}`).join("");
    expect([...end.content].sort().join("")).toBe([...edits].sort().join(""));
  });

  it("test_concurrent_editing, all operations of an editor under way at once", async () => {
    const { access_token: token } = await newAccount();
    const { body: document } = await api("POST", "/documents", { token, json: { title: "Pipelined" } });
    const sockets = await Promise.all(Array.from({ length: 10 }, () => openSocket(document.id, token)));
    for (let j = 0; j < 10; j++) {
      for (const [i, socket] of sockets.entries()) {
        socket.send({ op_type: "insert", position: i * 100 + j, content: `<${i}:${j}>` });
      }
    }
    const versions: number[] = [];
    for (const socket of sockets) {
      for (let j = 0; j < 10; j++) versions.push((await socket.next()).version);
    }
    expect(versions.sort((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, index) => index + 1));
    const { body: end } = await api("GET", `/documents/${document.id}`, { token });
    expect(end.version).toBe(100);
    expect(end.content).toHaveLength(500);
  });
});
