// The client library where it is a Worker that edits: its own fetch, and sockets that a fetch opens.
import { exports } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { insertion, MateriClient } from "../../src/client/index.ts";

const url = "https://materi.test";
const throughTheDoor = (...request: Parameters<typeof fetch>) =>
  exports.default.fetch(new Request(...request));

/** A socket by the upgrade of a request, with the face of the one of browsers. */
class UpgradedSocket extends EventTarget {
  readonly #socket: Promise<WebSocket>;

  constructor(address: string, protocols: string[]) {
    super();
    this.#socket = this.#open(address, protocols);
  }

  async #open(address: string, protocols: string[]): Promise<WebSocket> {
    const headers = { upgrade: "websocket", "sec-websocket-protocol": protocols.join(", ") };
    const { webSocket } = await throughTheDoor(address.replace(/^ws/, "http"), { headers });
    if (!webSocket) throw new Error("there was no upgrade");
    webSocket.accept();
    webSocket.addEventListener("message", ({ data }) =>
      this.dispatchEvent(new MessageEvent("message", { data })),
    );
    webSocket.addEventListener("close", ({ code, reason }) =>
      this.dispatchEvent(new CloseEvent("close", { code, reason })),
    );
    queueMicrotask(() => this.dispatchEvent(new Event("open")));
    return webSocket;
  }

  send(frame: string): void {
    void this.#socket.then((socket) => socket.send(frame));
  }

  close(code?: number): void {
    void this.#socket.then((socket) => socket.close(code));
  }
}

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
