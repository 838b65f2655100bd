import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { insertion } from "../../src/ot/operation.ts";
import { recordOf, settle, setUp } from "../support/session-setup.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it("says saving until the room has it, and saved only then", async () => {
  const { room, session } = setUp("text");
  const ann = session("ann");
  const statuses = recordOf(ann, "status");
  expect(ann.status).toEqual({ kind: "offline", edits: 0 });
  await settle(room);
  ann.edit(insertion(0, "a"));
  expect(ann.status).toEqual({ kind: "saving" });
  await settle(room);
  expect(statuses.map(({ kind }) => kind)).toEqual(["saved", "saving", "saved"]);
  expect(ann.status).toBe(statuses.at(-1));
});

it("counts what waits for a connection, and is not saved by one that is there again", async () => {
  const { room, network, session } = setUp("text");
  const ann = session("ann");
  await settle(room);
  network.answers = false;
  network.sockets[0]?.drop();
  expect(ann.status).toEqual({ kind: "offline", edits: 0 });
  for (const letter of "abc") ann.edit(insertion(0, letter));
  expect(ann.status).toEqual({ kind: "offline", edits: 3 });
  network.answers = true;
  await vi.advanceTimersByTimeAsync(25_000);
  await settle(room);
  expect([room.text, ann.status]).toEqual(["cbatext", { kind: "saved" }]);
});

it("an edit that is refused stays rejected, with its text, until the person has seen it", async () => {
  const { room, network, session } = setUp("text");
  const ann = session("ann");
  await settle(room);
  ann.edit(insertion(0, "a"));
  ann.edit(insertion(1, "b"));
  network.sockets[0]?.emit("message", {
    data: '{"type":"error","code":"document_too_large","detail":"Too large.","seq":1,"retryable":false}',
  });
  expect(ann.status).toEqual({ kind: "rejected", edits: 1 });
  expect(ann.setAside).toMatchObject([{ kind: "refused", operation: ["a"], code: "document_too_large" }]);
  ann.dismiss();
  expect([ann.setAside, ann.status.kind]).toEqual([[], "saving"]);
});

it("AC-3: edits of somebody who may not edit any more are rejected, and saved when they may", async () => {
  const { room, session } = setUp("text");
  const ann = session("ann");
  await settle(room);
  ann.edit(insertion(0, "a"));
  ann.edit(insertion(0, "b"));
  room.room.setRole("ann", "viewer", "");
  await settle(room);
  expect(ann.status).toEqual({ kind: "rejected", edits: 2 });
  room.room.setRole("ann", "editor", "");
  await settle(room);
  expect([ann.status, room.text]).toEqual([{ kind: "saved" }, "batext"]);
});

it("what is not saved when a session ends is rejected, and never called saved", async () => {
  const { room, network, session } = setUp("text");
  const ann = session("ann");
  await settle(room);
  ann.edit(insertion(0, "a"));
  network.sockets[0]?.drop(4403);
  expect(ann.connection).toMatchObject({ state: "ended", code: "forbidden" });
  expect(ann.status).toEqual({ kind: "rejected", edits: 1 });
});
