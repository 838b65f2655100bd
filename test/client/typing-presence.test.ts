import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { DocumentSession } from "../../src/client/document-session.ts";
import { deletion, insertion } from "../../src/ot/operation.ts";
import { limits } from "../../src/protocol/limits.ts";
import { Random } from "../support/ot-random.ts";
import type { RoomHarness } from "../support/room-harness.ts";
import { settle, setUp } from "../support/session-setup.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

async function pass(room: RoomHarness, ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += limits.presenceMs) {
    room.now += limits.presenceMs;
    await vi.advanceTimersByTimeAsync(limits.presenceMs);
    await settle(room);
  }
}

/** An editor: what it inserts or deletes is at its caret, which it shows from then on. */
class Editor {
  caret = 0;
  readonly session: DocumentSession;

  constructor(session: DocumentSession) {
    this.session = session;
    session.on("change", ({ operation, remote }) => {
      // As editors do: what another inserts at the caret goes behind it.
      let position = 0;
      for (const part of remote ? operation : []) {
        if (position > this.caret || (position === this.caret && typeof part === "string")) break;
        if (typeof part === "string") {
          this.caret += part.length;
          position += part.length;
        } else if (part > 0) position += part;
        else this.caret = Math.max(position, this.caret + part);
      }
    });
  }

  show(): void {
    this.session.setPresence([[this.caret, this.caret]]);
  }

  type(text: string): void {
    this.session.edit(insertion(this.caret, text));
    this.caret += text.length;
    this.show();
  }

  erase(): void {
    if (this.caret === 0) return;
    this.session.edit(deletion(this.caret - 1, 1));
    this.caret -= 1;
    this.show();
  }

  move(caret: number): void {
    this.caret = caret;
    this.show();
  }
}

const presencesOf = (sent: readonly string[] | undefined) =>
  (sent ?? []).filter((frame) => frame.includes('"presence"'));

describe("PR-2: a cursor that goes along with the text", () => {
  it("is sent once, however much is typed and erased at it; a move is sent again", async () => {
    const { room, network, session } = setUp("Hello world");
    const [ann, ben] = [new Editor(session("ann")), session("ben")];
    await settle(room);
    ann.move(5);
    await pass(room, 200);
    for (const letter of ", brave new") {
      ann.type(letter);
      await pass(room, 100);
      expect(ben.others.map(({ selections }) => selections)).toEqual([[[ann.caret, ann.caret]]]);
    }
    for (let n = 0; n < 4; n++) {
      ann.erase();
      await pass(room, 100);
    }
    ben.edit(insertion(0, "> "));
    await pass(room, 100);
    expect(ben.others.map(({ selections }) => selections)).toEqual([[[ann.caret, ann.caret]]]);
    expect(presencesOf(network.sockets[0]?.sent)).toHaveLength(1);
    // Who comes later is told by the room.
    const cat = session("cat");
    await pass(room, 100);
    expect(cat.others.map(({ selections }) => selections)).toContainEqual([[ann.caret, ann.caret]]);

    ann.move(0);
    await pass(room, 200);
    expect(presencesOf(network.sockets[0]?.sent)).toHaveLength(2);
    expect(ben.others[0]?.selections).toEqual([[0, 0]]);
    ann.session.setPresence([[0, 0]], "#123456");
    await pass(room, 200);
    expect(ben.others[0]).toMatchObject({ color: "#123456" });
  });

  it("is sent anew on every connection", async () => {
    const { room, network, session } = setUp("Hello");
    const [ann, ben] = [new Editor(session("ann")), session("ben")];
    await settle(room);
    ann.move(5);
    await pass(room, 200);
    ann.type("!");
    await pass(room, 200);
    network.sockets[0]?.drop();
    await pass(room, 500);
    expect(presencesOf(network.sockets.at(-1)?.sent)).toHaveLength(1);
    expect(ben.others[0]?.selections).toEqual([[6, 6]]);
  });

  it("at rest everybody sees every cursor where it is, whoever typed, moved and was interrupted when", async () => {
    for (let seed = 1; seed <= 40; seed++) {
      const random = new Random(seed);
      const { room, network, session } = setUp("a text for three");
      const editors = ["ann", "ben", "cat"].map(
        (user, n) =>
          new Editor(session(user, { gatherMs: [0, 0, 200][n] ?? 0, retry: { first: 1, most: 1 } })),
      );
      await settle(room);
      for (const editor of editors) editor.show();
      for (let step = 0; step < 80; step++) {
        const editor = random.pick(editors);
        const kind = random.int(20);
        if (kind < 11) editor.type(random.pick(["a", "bc", "\n", "😀"]));
        else if (kind < 14 && !/[\ud800-\udfff]/.test(editor.session.text[editor.caret - 1] ?? ""))
          editor.erase();
        else if (kind < 16) editor.move(random.pick([0, editor.session.length]));
        else if (kind === 16) random.pick(network.sockets.filter(({ closed }) => !closed)).drop();
        if (random.chance(0.5)) await settle(room);
        if (random.chance(0.3)) await pass(room, limits.presenceMs * random.int(4));
      }
      await pass(room, 2_000);
      for (const { session: watcher } of editors) {
        const seen = Object.fromEntries(watcher.others.map(({ userId, selections }) => [userId, selections]));
        for (const [n, { caret, session: owner }] of editors.entries()) {
          if (owner === watcher) continue;
          expect(seen[["ann", "ben", "cat"][n]!], `seed ${seed}: ${n}`).toEqual([[caret, caret]]);
        }
        expect(watcher.text, `seed ${seed}`).toBe(room.text);
      }
      for (const { session: one } of editors) one.close();
    }
  });
});
