// The Worker of text-cache.ts: reads a document again and again, in one of the ways, and tells how long that took.
import { newestText } from "../src/documents/newest-text.ts";

export * from "../src/index.ts";

type Read = (env: Env, id: string) => Promise<string>;

const room = (env: Env, id: string) => env.ROOMS.getByName(id);

async function known(env: Env, id: string) {
  const answer = await room(env, id).readUnless([]);
  if (!answer.ok) throw new Error(answer.detail);
  return answer;
}

const ways: Record<string, Read> = {
  "the room": async (env, id) => (await known(env, id)).content ?? "",
  "this isolate": async (env, id) => {
    const answer = await newestText(room(env, id), id);
    return answer.ok ? answer.content : "";
  },
  // The room is asked as often, and the text then fetched by its answer.
  "the Cache API": async (env, id) => {
    const answer = await room(env, id).readUnless([{ version: 1 }]);
    if (!answer.ok) throw new Error(answer.detail);
    const stored = await caches.default.match(`https://cache/${id}/${answer.epoch}/${answer.version}`);
    return stored ? stored.text() : "";
  },
};

export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const { searchParams, pathname } = new URL(request.url);
    const id = pathname.slice(1);
    if (request.method === "PUT") {
      const content = await request.text();
      await room(env, id).create({ content, author: { userId: "bench", kind: "program" } });
      const { epoch, version } = await known(env, id);
      const stored = new Response(content, { headers: { "cache-control": "max-age=3600" } });
      await caches.default.put(`https://cache/${id}/${epoch}/${version}`, stored);
      return new Response();
    }
    const read = ways[searchParams.get("from") ?? ""];
    if (!read) return Response.json(Object.keys(ways));
    const times = Number(searchParams.get("times"));
    const began = performance.now();
    let units = 0;
    for (let time = 0; time < times; time++) units += (await read(env, id)).length;
    return Response.json({ ms: (performance.now() - began) / times, units: units / times });
  },
};
