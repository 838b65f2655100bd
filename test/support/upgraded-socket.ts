import { exports } from "cloudflare:workers";

/** A `fetch` that leads to the service under test. */
export const throughTheDoor = (...request: Parameters<typeof fetch>) =>
  exports.default.fetch(new Request(...request));

/** A socket by the upgrade of a request, with the face of the one of browsers. */
export class UpgradedSocket extends EventTarget {
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
