import { globSync, readFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { DocumentSession } from "../../src/client/document-session.ts";
import { parseOperation } from "../../src/ot/parse.ts";
import { Text } from "../../src/ot/text.ts";
import { holdsAll } from "../support/frame-match.ts";
import { readFrame } from "../support/read-frame.ts";
import { type Transcript, transcriptsOf, userOf } from "../support/transcripts.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** The server's end of a session's socket: says what is written. */
class ScriptedSocket {
  readonly sent: string[] = [];
  readonly #listeners = new Map<string, (event: object) => void>();

  addEventListener(type: string, listener: (event: object) => void): void {
    this.#listeners.set(type, listener);
  }
  emit(type: string, event: object = {}): void {
    this.#listeners.get(type)?.(event);
  }
  send(frame: string): void {
    this.sent.push(frame);
  }
  close(): void {}
}

/** One user's session, over as many sockets as the conversation has for it. */
class Player {
  readonly sockets: ScriptedSocket[] = [];
  readonly session: DocumentSession;
  /** Frames that the conversation has and the session, for a reason of its own, sent later or not at all. */
  readonly owed: string[] = [];

  constructor(clientId: string) {
    const { sockets } = this;
    this.session = new DocumentSession({
      url: "http://materi.test",
      documentId: "d",
      token: () => "token",
      clientId,
      retry: { first: 1, most: 1 },
      WebSocket: class {
        constructor() {
          const socket = new ScriptedSocket();
          sockets.push(socket);
          // biome-ignore lint/correctness/noConstructorReturn: stands in for the platform's class
          return socket;
        }
      } as never,
    });
  }

  get sent(): string[] {
    return this.sockets.flatMap(({ sent }) => sent);
  }

  async connect(): Promise<void> {
    const before = this.sockets.length;
    if (before > 0) this.sockets.at(-1)?.emit("close", { code: 1006, reason: "" });
    await vi.advanceTimersByTimeAsync(5);
    expect(this.sockets).toHaveLength(before + 1);
    this.sockets.at(-1)?.emit("open");
  }

  receive(frame: string): void {
    this.sockets.at(-1)?.emit("message", { data: frame });
  }

  /** Has the user type what the frame submits. False if nobody could have typed it. */
  submit(frame: string): boolean {
    const { op } = readFrame(frame);
    if (this.sent.includes(frame) || this.owed.includes(frame)) return true;
    const parsed = parseOperation(op, { insertUnits: Number.POSITIVE_INFINITY, parts: 10_000 });
    if (!parsed.ok) return false;
    try {
      this.session.edit(parsed.operation);
    } catch {
      return false;
    }
    this.owed.push(frame);
    return true;
  }
}

/** The text at the last version that the conversation tells of, from nothing but its lines. */
function textOf({ lines }: Transcript): { version: number; text: string } {
  const byVersion = new Map<number, unknown>();
  const submitted = new Map<string, { base: number; op: unknown }>();
  for (const { client, arrow, frame } of lines) {
    if (arrow === "!" || !frame.startsWith("{")) continue;
    const parsed = readFrame(frame);
    const lists = [parsed.type === "operations" ? parsed : undefined, parsed.operations];
    for (const list of lists) {
      if (Array.isArray(list?.items))
        for (const [index, { op }] of list.items.entries()) byVersion.set(list.from + index, op);
    }
    if (parsed.type === "submit") submitted.set(`${userOf(client)} ${parsed.seq}`, parsed);
    if (parsed.type === "ack" && !byVersion.has(parsed.version)) {
      const own = submitted.get(`${userOf(client)} ${parsed.seq}`);
      if (own?.base === parsed.version - 1) byVersion.set(parsed.version, own.op);
    }
  }
  const text = Text.from("");
  let version = 0;
  for (let op = byVersion.get(1); op !== undefined; op = byVersion.get(version + 1)) {
    text.apply(op as never);
    version += 1;
  }
  expect(version).toBe(Math.max(0, ...byVersion.keys()));
  return { version, text: text.toString() };
}

/** Plays the server's side of a conversation to sessions, which play the clients'. */
async function play(transcript: Transcript): Promise<void> {
  const players = new Map<string, Player>();
  const impossible = new Set<string>();
  for (const [at, { client, arrow, frame }] of transcript.lines.entries()) {
    const type = frame.startsWith("{") ? readFrame(frame).type : undefined;
    const player = players.get(userOf(client));
    if (arrow === "→" && type === "hello") {
      const { client_id } = JSON.parse(frame);
      const opened = player ?? new Player(client_id);
      players.set(userOf(client), opened);
      await opened.connect();
      const hello = opened.sockets.at(-1)?.sent[0] ?? "{}";
      expect(holdsAll(JSON.parse(frame), JSON.parse(hello)), `${hello} holds ${frame}`).toBe(true);
    } else if (arrow === "→" && type === "submit" && player) {
      if (!player.submit(frame)) impossible.add(frame);
    } else if (arrow === "←" && player) {
      // What was typed before this came, and is written down after it.
      if (type === "operations") {
        const next = transcript.lines
          .slice(at)
          .find((line) => line.arrow === "→" && line.client === client && line.frame.includes('"submit"'));
        if (next && readFrame(next.frame).base < readFrame(frame).from) player.submit(next.frame);
      }
      const again = transcript.lines.some((line) => line.client === "again" && userOf(client) === "ann");
      // The ack that was lost.
      if (again && client === "ann" && type === "ack") continue;
      const isAboutImpossible =
        type === "error" &&
        impossible.size > 0 &&
        players.size === 1 &&
        JSON.parse(frame).seq !== undefined &&
        player.owed.length === 0;
      if (!isAboutImpossible) player.receive(frame);
    }
    await vi.advanceTimersByTimeAsync(1);
  }
  const end = textOf(transcript);
  for (const [user, { session, owed, sent, sockets }] of players) {
    for (const frame of owed) {
      const match = sent.find((one) => holdsAll(JSON.parse(frame), JSON.parse(one)));
      expect(
        match,
        `${user} never sent ${frame}, but ${sockets.length} sockets had ${sent.join(" ")}`,
      ).toBeDefined();
    }
    expect([session.version, session.text], user).toEqual([end.version, end.text]);
    expect(session.isSaved, `${user} has everything saved`).toBe(true);
    session.close();
  }
}

describe("docs/protocol.md: the client's side of the golden frames", () => {
  for (const [index, transcript] of transcriptsOf(readFileSync("docs/protocol.md", "utf8")).entries()) {
    it(`conversation ${index + 1}, ${transcript.heading}`, () => play(transcript));
  }
});

describe("WR-1: the client of today is at home with the server of any time before", () => {
  for (const path of globSync("test/recordings/*.md")) {
    for (const [index, transcript] of transcriptsOf(readFileSync(path, "utf8")).entries()) {
      it(`${path}, conversation ${index + 1}: ${transcript.heading}`, () => play(transcript));
    }
  }
});
