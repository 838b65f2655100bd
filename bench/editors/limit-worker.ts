// The platform's ceiling: a Durable Object that stores and broadcasts what comes, and does nothing else. LIMIT(b) has an INSERT and a
// broadcast for each message, LIMIT(c) gathers those of a turn of timers: one transaction with one row, and one frame for each socket;
// "by sync" gathers those that come until storage has what was stored before, which is no timer's millisecond.
import { DurableObject } from "cloudflare:workers";

// What wrangler.toml has besides; the room's binding leads to the class below.
export * from "../../src/index.ts";

export class DocumentRoom extends DurableObject<Env> {
  #version = 0;
  #waiting: string[] = [];

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    ctx.storage.sql.exec("CREATE TABLE IF NOT EXISTS messages (version INTEGER PRIMARY KEY, data TEXT)");
  }

  override fetch(request: Request): Response {
    const { 0: client, 1: server } = new WebSocketPair();
    // The first part of the path: how it stores.
    this.ctx.acceptWebSocket(server, new URL(request.url).pathname.split("/").slice(1, 2));
    return new Response(null, { status: 101, webSocket: client });
  }

  override webSocketMessage(socket: WebSocket, message: string): void {
    const [mode] = this.ctx.getTags(socket);
    if (mode === "each") {
      this.#version += 1;
      this.ctx.storage.sql.exec("INSERT INTO messages VALUES (?, ?)", this.#version, message);
      this.#broadcast(message);
      return;
    }
    if (this.#waiting.push(message) > 1) return;
    if (mode === "synced") void this.ctx.storage.sync().then(() => this.#flush());
    else setTimeout(() => this.#flush(), 0);
  }

  #flush(): void {
    const frame = `[${this.#waiting.join(",")}]`;
    this.#version += this.#waiting.length;
    this.#waiting = [];
    this.ctx.storage.transactionSync(() =>
      this.ctx.storage.sql.exec("INSERT INTO messages VALUES (?, ?)", this.#version, frame),
    );
    this.#broadcast(frame);
  }

  #broadcast(frame: string): void {
    for (const socket of this.ctx.getWebSockets()) socket.send(frame);
  }
}

export default {
  /** `/each/<name>`, `/gathered/<name>` and `/synced/<name>`. */
  fetch(request: Request, env: Env): Promise<Response> | Response {
    const { pathname } = new URL(request.url);
    if (request.headers.get("upgrade") !== "websocket") return new Response("ok");
    return env.ROOMS.getByName(pathname).fetch(new Request(`http://room${pathname}`, request));
  },
} satisfies ExportedHandler<Env>;
