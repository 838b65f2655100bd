import { expect, test, vi } from "vitest";
import { Account } from "../../scripts/replay/account.ts";
import { startServer } from "../support/server.ts";

test("EV-3: edits that were acknowledged right before a kill are announced by rooms that nobody asks for", async () => {
  const server = await startServer();
  try {
    const account = await Account.open(server.url);
    const made = await Promise.all(Array.from({ length: 5 }, () => account.createDocument("T", "one")));
    const headers = { authorization: `Bearer ${await account.token()}`, "content-type": "application/json" };
    const edits = made.map(({ id }) =>
      fetch(`${server.url}/api/v1/documents/${id}/operations`, {
        method: "POST",
        headers,
        body: JSON.stringify({ client_id: "ann-1", seq: 1, base: 1, op: ["zero "] }),
      }),
    );
    for (const answer of await Promise.all(edits)) expect(answer.status).toBe(200);
    await server.kill9();
    await server.restart();
    // A list asks D1 alone: no room wakes by it.
    await vi.waitFor(
      async () => {
        const answer = await fetch(`${server.url}/api/v1/documents`, { headers });
        const { items } = (await answer.json()) as { items: { created_at: string; updated_at: string }[] };
        expect(items.filter(({ created_at, updated_at }) => created_at < updated_at)).toHaveLength(5);
      },
      { timeout: 150_000, interval: 250 },
    );
  } finally {
    await server.stop();
  }
});
