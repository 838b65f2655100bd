// The Worker of large-audience.ts: the service's own objects and its own way of leading sockets to them, and grants for the
// asking, so that one person can be two thousand viewers.
import { openSocket } from "../../src/documents/room-socket.ts";
import { limits } from "../../src/protocol/limits.ts";
import type { Grant } from "../../src/room/room-api.ts";

export * from "../../src/index.ts";

export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const url = new URL(request.url);
    const [, what, id = "", user = ""] = url.pathname.split("/");
    const room = env.ROOMS.getByName(id);
    if (what === "create") {
      // The objects run in this isolate: small fan-outs make a deep tree of a small audience.
      Object.assign(limits, await request.json());
      return Response.json(
        await room.create({ content: "x".repeat(10_000), author: { userId: "w", kind: "person" } }),
      );
    }
    if (what === "text") return Response.json(await room.read());
    if (what === "stats") {
      const shards = Array.from({ length: Number(user) }, (_, shard) =>
        env.FANOUTS.getByName(`${id}:${shard}`),
      );
      return Response.json({
        room: await room.stats(),
        shards: await Promise.all(shards.map((shard) => shard.stats())),
      });
    }
    const grant: Grant = {
      userId: user,
      name: user,
      kind: "person",
      role: user === "writer" ? "editor" : "viewer",
      sessionId: user,
      expiresAt: Math.floor(Date.now() / 1000) + 3_600,
      decidedAt: Date.now(),
    };
    const headers = { upgrade: "websocket", "x-materi-grant": JSON.stringify(grant) };
    return openSocket(env, id, new Request("https://room/", { headers }));
  },
};
