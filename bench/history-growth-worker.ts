// The Worker of history-growth.ts: rooms that can be given a long history at once, and questions about it.
import { lifeBundle } from "../src/documents/life-bundle.ts";
import type { DocumentRoomApi, Grant } from "../src/room/room-api.ts";
import type { FilledRoom } from "./filled/filled-room.ts";

export * from "../src/index.ts";
export { FilledRoom as DocumentRoom } from "./filled/filled-room.ts";

const grant: Grant = {
  userId: "reader",
  name: "Reader",
  kind: "person",
  role: "editor",
  sessionId: "s",
  expiresAt: 4_000_000_000,
  decidedAt: 0,
};

async function welcomeUnits(room: DurableObjectStub<FilledRoom>, since?: number): Promise<number> {
  const headers = { upgrade: "websocket", "x-materi-grant": JSON.stringify(grant) };
  const { webSocket } = await room.fetch("https://room/", { headers });
  if (!webSocket) throw new Error("no socket");
  webSocket.accept();
  const frame = await new Promise<string>((resolve) => {
    webSocket.addEventListener("message", ({ data }) => resolve(data as string));
    webSocket.send(
      JSON.stringify({
        type: "hello",
        client_id: crypto.randomUUID(),
        ...(since !== undefined && { since, last_seq: 0 }),
      }),
    );
  });
  webSocket.close(1000);
  return frame.length;
}

type Question = (room: DurableObjectStub<FilledRoom>, of: number) => Promise<unknown>;

/** `of` is a version. */
const questions: Record<string, Question> = {
  load: async (room) => (await room.readUnless([])).ok,
  welcome: (room) => welcomeUnits(room),
  "welcome since": (room, of) => welcomeUnits(room, of),
  "text at version": (room, of) => room.readVersion(of),
  blame: (room) => room.blame({ from: 0, most: 1_000 }),
  diff: (room, of) => room.diff({ from: of, to: of + 1_000 }),
  history: (room, of) => room.changes({ before: of, limit: 50 }),
  export: async (room) => {
    const life = await room.life();
    if (!life.ok) return life;
    const about = { life, documentId: "", software: "", exportedAt: "" };
    let bytes = 0;
    for await (const chunk of lifeBundle(room as unknown as DocumentRoomApi, about, ""))
      bytes += chunk.length;
    return bytes;
  },
  operations: (room, of) => room.operations({ since: of, limit: 1_000 }),
};

export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url);
    const [, id = "", what = ""] = pathname.split("/");
    const namespace = env.ROOMS as unknown as DurableObjectNamespace<FilledRoom>;
    const room = namespace.getByName(id);
    const of = Number(searchParams.get("of"));
    if (what === "type") {
      await room.create({ content: "", author: { userId: "ann", kind: "person" } });
      await room.fill({ typed: of }).catch(() => {});
      return Response.json(await namespace.getByName(id).stats());
    }
    const question = questions[decodeURIComponent(what)];
    if (!question) return Response.json(Object.keys(questions));
    // Somebody else, who waits meanwhile.
    let longest = 0;
    let done = false;
    const waiting = (async () => {
      while (!done) {
        const asked = performance.now();
        await room.stats();
        longest = Math.max(longest, performance.now() - asked);
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    })();
    const began = performance.now();
    let calls = 0;
    for (;;) {
      calls += 1;
      const answer = (await question(room, of)) as { ok?: boolean; code?: string } | number | boolean;
      if (typeof answer === "object" && answer.ok === false) {
        if (answer.code === "unavailable") continue;
        throw new Error(answer.code);
      }
      break;
    }
    const ms = performance.now() - began;
    done = true;
    await waiting;
    return Response.json({ ms, longest, calls });
  },
};
