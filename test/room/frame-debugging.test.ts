import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, inject, it, vi } from "vitest";
import { limits, serverLimits } from "../../src/protocol/limits.ts";
import { FrameDebugging } from "../../src/room/frame-debugging.ts";
import { api, expectProblem, newAccount } from "../support/api.ts";
import { fanoutOf } from "../support/audience.ts";
import { debugLines } from "../support/debug-lines.ts";
import { secretsIn } from "../support/log-secrets.ts";
import { Random } from "../support/ot-random.ts";
import { anyWord, broken, jsonWith, leaked, secretName, secretOfAForm } from "../support/planted-secrets.ts";
import { testSecrets } from "../support/secrets.ts";
import { type Frame, grantOf, newRoom, openRoomSocket, openSocket, TestSocket } from "../support/socket.ts";

const { seed } = inject("generatedRequests");
const operator = testSecrets.ADMIN_TOKEN;
const pathOf = (id: string) => `/admin/documents/${id}/frame-debugging`;
const soon = () => Date.now() + 60_000;
const frames = () => debugLines("debug_frame");

afterEach(() => void vi.restoreAllMocks());

describe("debugging of frames", () => {
  it("shows what open sockets send and get, while the operator wants it", async () => {
    const { access_token: token, user } = await newAccount();
    const { body: made } = await api("POST", "/documents", { token, json: { title: "T", content: "one" } });
    const socket = await openSocket(made.id, token);
    await socket.ask({ type: "hello", client_id: "c-1" });
    const shown = frames();
    await socket.ask({ type: "submit", seq: 1, base: 1, op: [3, " two"] });
    expect(shown).toEqual([]);
    const askedAt = Date.now();
    const on = await api("PUT", pathOf(made.id), { token: operator, json: { seconds: 60 } });
    const until = Date.parse(on.body.until) - 60_000;
    expect(until).toBeGreaterThan(askedAt - 1_000);
    expect(until).toBeLessThan(Date.now() + 1_000);
    await socket.ask({ type: "submit", seq: 2, base: 2, op: [7, " three"] });
    const common = {
      event: "debug_frame",
      level: "debug",
      document_id: made.id,
      socket: expect.stringMatching(/^[\w-]{36}$/),
      client_id: "c-1",
      user_id: user.id,
    };
    const sent = '{"type":"submit","seq":2,"base":2,"op":[7," three"]}';
    const ack = '{"type":"ack","seq":2,"version":3}';
    expect(shown).toEqual([
      { ...common, direction: "in", type: "submit", units: sent.length, frame: sent },
      { ...common, direction: "out", type: "ack", units: ack.length, frame: ack },
    ]);
    expect((await api("DELETE", pathOf(made.id), { token: operator })).status).toBe(204);
    await socket.ask({ type: "submit", seq: 3, base: 3, op: [13, "!"] });
    expect(shown).toHaveLength(2);
  });

  it("is for the operator alone, for a document that is there, and for a day at most", async () => {
    const { access_token: token } = await newAccount();
    const { body: made } = await api("POST", "/documents", { token, json: { title: "T" } });
    const put = (seconds: number, as: string, id: string) =>
      api("PUT", pathOf(id), { token: as, json: { seconds } });
    expectProblem(await put(60, token, made.id), "invalid_token");
    expectProblem(await put(60, operator, crypto.randomUUID()), "not_found");
    expectProblem(await put(limits.frameDebuggingSeconds + 1, operator, made.id), "validation_failed");
    expectProblem(await put(0, operator, made.id), "validation_failed");
    expectProblem(await api("DELETE", pathOf(made.id), { token }), "invalid_token");
  });

  it("outlives sleep, and ends by itself with nothing set to wake the room", async () => {
    const id = await newRoom("text");
    const room = env.ROOMS.getByName(id);
    const ann = await openRoomSocket(id, grantOf("ann"));
    await ann.ask({ type: "hello", client_id: "ann-1" });
    const shown = frames();
    const alarm = () => runInDurableObject(room, (_room, { storage }) => storage.getAlarm());
    const before = await alarm();
    await room.debugFrames(soon());
    expect(await alarm()).toBe(before);
    await evictDurableObject(room, { webSockets: "hibernate" });
    await ann.ask({ type: "submit", seq: 1, base: 1, op: ["a"] });
    expect(shown.map(({ direction, type }) => `${direction} ${type}`)).toEqual(["in submit", "out ack"]);
    // Its time is over.
    await room.debugFrames(Date.now());
    await ann.ask({ type: "submit", seq: 2, base: 2, op: ["b"] });
    expect(shown).toHaveLength(2);
    const kept = await runInDurableObject(room, (_room, { storage }) => storage.kv.get("frame-debugging"));
    expect(kept).toBeUndefined();
  });

  it("shows those of viewers behind fan-outs, also of such as come later", async () => {
    const id = await newRoom("text");
    const join = async (shard: number) => {
      const headers = {
        upgrade: "websocket",
        "x-materi-grant": JSON.stringify(grantOf("vi", { role: "viewer" })),
      };
      return new TestSocket(await fanoutOf(id, shard).fetch("https://room/", { headers }));
    };
    const early = await join(0);
    await early.ask({ type: "hello", client_id: "early" });
    await env.ROOMS.getByName(id).debugFrames(soon());
    const shown = frames();
    await early.ask({ type: "presence", version: 99, selections: [] });
    const late = await join(1);
    await late.ask({ type: "hello", client_id: "late" });
    const seen = shown.map(({ shard, direction, type }) => `${shard} ${direction} ${type}`);
    expect(seen.filter((line) => line.startsWith("0"))).toEqual(["0 in presence", "0 out error"]);
    expect(seen).toContain("1 out welcome");
  });

  it("DB-1: answers, and their order, are the same with it as without", async () => {
    const hostile: (object | string | ArrayBuffer)[] = [
      { type: "hello", client_id: "ann-1" },
      { type: "submit", seq: 1, base: 1, op: ["a"] },
      { type: "submit", seq: 1, base: 1, op: ["a"] },
      { type: "submit", seq: 3, base: 1, op: ["a"] },
      "{",
      '{"type":"auth","token":"x"',
      new ArrayBuffer(8),
      { type: "presence", version: 2, selections: [[0, 0]] },
      { op_type: "insert", position: 0, content: "Hello" },
      { op_type: "delete", position: 0 },
      { type: "no_such_type", password: "x" },
      { type: "submit", seq: 2, base: 0, op: [-1] },
      "[".repeat(20_000),
      { type: "report" },
    ];
    const play = async (isDebugged: boolean): Promise<Frame[]> => {
      const id = await newRoom("text");
      if (isDebugged) await env.ROOMS.getByName(id).debugFrames(soon());
      const ann = await openRoomSocket(id, grantOf("ann", { expiresAt: 4_000_000_000, decidedAt: 0 }));
      const answers: Frame[] = [];
      for (const frame of hostile) {
        ann.send(frame);
        answers.push(...(await ann.drain()));
      }
      return answers.map((answer) => ({ ...answer, epoch: undefined }));
    };
    const shown = frames();
    const without = await play(false);
    expect(shown).toEqual([]);
    expect(without.length).toBeGreaterThan(10);
    expect(await play(true)).toEqual(without);
    expect(shown.length).toBeGreaterThan(2 * hostile.length);
  });

  it(`shows at most ${serverLimits.debuggedFrames} a second, and says how many it left out`, () => {
    let now = 1_000_000;
    const stored = new Map<string, unknown>();
    const kv = {
      get: (key: string) => stored.get(key),
      put: (key: string, value: unknown) => void stored.set(key, value),
      delete: (key: string) => stored.delete(key),
    };
    const debugging = new FrameDebugging({ documentId: "d", kv: kv as SyncKvStorage, now: () => now, env });
    debugging.set(now + 60_000);
    const shown = debugLines("debug_frame", "debug_frames_left_out");
    const session = { grant: grantOf("ann") };
    const most = serverLimits.debuggedFrames;
    for (let count = 0; count < most + 7; count++) debugging.sent("s", session, "{}");
    expect(shown).toHaveLength(most);
    now += 1_000;
    debugging.sent("s", session, "{}");
    expect(shown.slice(most)).toMatchObject([
      { event: "debug_frames_left_out", document_id: "d", frames: 7 },
      { event: "debug_frame" },
    ]);
  });

  it(`shows no secret: of a token in its place, in others, in broken frames (seed ${seed})`, async () => {
    const random = new Random(seed);
    const id = await newRoom("text");
    await env.ROOMS.getByName(id).debugFrames(soon());
    const shown = frames();
    // Fewer than the 200 lines of a second.
    for (let run = 0; run < 30; run++) {
      const [word, token] = [anyWord(random), secretOfAForm(random)];
      const fields = JSON.stringify({ more: jsonWith(random, word, [token]) }).slice(1, -1);
      const auth = random.pick([
        `{"type":"auth","token":${JSON.stringify(word)},${fields}}`,
        `{"type":"auth",${fields},"token":${JSON.stringify(token)}}`,
        `{"type":"hello","client_id":${JSON.stringify(token.slice(0, 64))},${fields}}`,
        `{"type":"submit","seq":1,"base":1,"op":[${JSON.stringify(token)}],"${secretName(random)}":${JSON.stringify(word)}}`,
        `{"op_type":"insert","position":0,"content":${JSON.stringify(`see ${token}`)},${fields}}`,
        broken(random, `{"type":"auth","${secretName(random)}":${JSON.stringify(word)}}`, word),
        `{"type":${JSON.stringify(token)},${fields}}`,
      ]);
      const socket = await openRoomSocket(id, grantOf("ann"));
      socket.send(auth);
      await socket.drain();
      const lines = shown.splice(0);
      const text = lines.flatMap((line) => Object.values(line).map(String)).join("\n");
      expect(lines.length, auth).toBeGreaterThan(1);
      expect(leaked(text, [word, token]), `run ${run}: ${auth}\nshown as\n${text}`).toEqual([]);
      expect(lines.flatMap((line) => secretsIn(JSON.stringify(line)))).toEqual([]);
      socket.close();
    }
  });
});
