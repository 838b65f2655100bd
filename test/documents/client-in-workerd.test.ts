// The client library where it is a Worker that edits: its own fetch, and sockets that a fetch opens.
import { describe, expect, it } from "vitest";
import { insertion, MateriClient } from "../../src/client/index.ts";
import { throughTheDoor, UpgradedSocket } from "../support/upgraded-socket.ts";

const url = "https://materi.test";
describe("the client library in workerd", () => {
  it.each(["socket", "events"] as const)(
    "signs in, makes a document and edits it live by %s",
    async (way) => {
      const client = new MateriClient({ url, fetch: throughTheDoor as typeof fetch });
      const email = `worker-${crypto.randomUUID()}@example.com`;
      await client.auth.register({ email, password: "correct horse battery", name: "A Worker" });
      const { id } = await client.documents.create({ title: "By a Worker", content: "One. " });
      const open = () =>
        client.open(id, {
          transports: [way],
          fetch: throughTheDoor as typeof fetch,
          WebSocket: UpgradedSocket as unknown as typeof WebSocket,
        });
      const [writer, reader] = [open(), open()];
      try {
        await Promise.all([writer.ready(), reader.ready()]);
        writer.edit(insertion(5, "Two."));
        await writer.saved();
        await reader.reached(2);
        expect(reader.text).toBe("One. Two.");
        expect(writer.status).toEqual({ kind: "saved" });
        expect((await client.documents.get(id)).content).toBe("One. Two.");
      } finally {
        writer.close();
        reader.close();
      }
    },
  );
});
