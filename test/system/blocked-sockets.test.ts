// Networks that let no socket through, against the real service.
import { afterAll, beforeAll, expect, it } from "vitest";
import { MateriClient } from "../../src/client/materi-client.ts";
import { insertion } from "../../src/ot/operation.ts";
import { type Server, startServer } from "../support/server.ts";

let server: Server;
let client: MateriClient;
beforeAll(async () => {
  server = await startServer();
  client = new MateriClient({ url: server.url });
  await client.auth.register({ email: "ann@example.com", password: "correct horse battery", name: "Ann" });
});
afterAll(() => server.stop());

/** As a proxy that does not know them makes of sockets. */
class BlockedSocket extends EventTarget {
  constructor() {
    super();
    setTimeout(() => this.dispatchEvent(Object.assign(new Event("close"), { code: 1006, reason: "" })), 5);
  }
  send(): void {}
  close(): void {}
}
const blocked = {
  WebSocket: BlockedSocket as unknown as new () => WebSocket,
  retry: { first: 20, most: 200 },
};

it("edits go through by events and POST, exactly once, and meet those of sockets", async () => {
  const { id } = await client.documents.create({ title: "Minutes", content: "." });
  const there = client.open(id);
  const here = client.open(id, blocked);
  await Promise.all([there.ready(), here.ready()]);
  for (let times = 0; times < 20; times++) {
    here.edit(insertion(0, "h"));
    there.edit(insertion(there.length, "t"));
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  await Promise.all([there.saved(), here.saved()]);
  const { text, version } = await client.documents.content(id);
  await Promise.all([there.reached(version!), here.reached(version!)]);
  expect([text, here.text, there.text]).toEqual(Array(3).fill(`${"h".repeat(20)}.${"t".repeat(20)}`));
  expect(here.status).toEqual({ kind: "saved" });
  here.close();
  there.close();
});

it("RM-3: goes on where it was after the service died, with nothing lost or doubled", async () => {
  const { id } = await client.documents.create({ title: "Minutes" });
  const session = client.open(id, blocked);
  await session.ready();
  for (let round = 0; round < 3; round++) {
    for (const letter of "abc") session.edit(insertion(session.length, letter));
    if (round === 1) await server.restart();
  }
  await session.saved();
  expect((await client.documents.content(id)).text).toBe("abcabcabc");
  session.close();
});

it("ends with what is wrong, which a socket that does not open cannot say", async () => {
  const missing = client.open(crypto.randomUUID(), blocked);
  await expect(missing.ready()).rejects.toThrow("there is no such document");
  expect(missing.connection).toMatchObject({ state: "ended", code: "deleted" });

  const { id } = await client.documents.create({ title: "Minutes" });
  const tokens: (string | undefined)[] = [];
  const stranger = new MateriClient({
    url: server.url,
    token: (refused) => {
      tokens.push(refused);
      return "mat_none";
    },
  });
  const session = stranger.open(id, { retry: { first: 20, most: 200 } });
  await expect(session.ready()).rejects.toThrow();
  expect(session.connection).toMatchObject({ state: "ended", code: "unauthenticated" });
  // Two sockets, then by events with the token that those had, and with the one that was to be better.
  expect(tokens.length).toBeLessThanOrEqual(6);
  expect(tokens).toContain("mat_none");
});
