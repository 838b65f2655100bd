import { listDurableObjectIds } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { api, expectProblem, newAccount } from "../support/api.ts";
import { roomsBesides } from "../support/rooms.ts";
import { grantOf, openRoomSocket, openSocket } from "../support/socket.ts";

async function setUp() {
  const account = await newAccount({ name: "Ann Ångström 😀" });
  const token = account.access_token;
  const { id } = (await api("POST", "/documents", { token, json: { title: "T", content: "text" } })).body;
  const here = async () => (await api("GET", `/documents/${id}/presence`, { token })).body.items;
  return { account, token, id, here };
}

describe("GET /documents/{id}/presence", () => {
  it("tells who said hello, by the names that D1 has, and forgets who left", async () => {
    const { account, token, id, here } = await setUp();
    const nobody = await api("GET", `/documents/${id}/presence`, { token });
    expect(nobody.body).toEqual({ items: [], audience: 0 });
    const before = Date.now();
    const socket = await openSocket(id, token);
    expect(await here()).toEqual([]);
    await socket.ask({ type: "hello", client_id: "ann-1", name: "Eve", user_id: "eve" });
    const items = await here();
    expect(items).toEqual([
      {
        user_id: account.user.id,
        name: "Ann Ångström 😀",
        kind: "person",
        role: "owner",
        since: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      },
    ]);
    expect(Date.parse(items[0].since)).toBeGreaterThanOrEqual(before - 1);
    socket.close();
    await socket.next();
    await expect.poll(here).toEqual([]);
  });

  it("tells of each person once, since their first socket, with the most that any of them may do", async () => {
    const { account, token, id, here } = await setUp();
    const viewer = await openRoomSocket(id, grantOf(account.user.id, { role: "viewer" }));
    await viewer.ask({ type: "hello", client_id: "tab-1" });
    const [first] = await here();
    const other = await openRoomSocket(id, grantOf(crypto.randomUUID(), { name: "Ben", role: "editor" }));
    await other.ask({ type: "hello", client_id: "ben-1" });
    const owner = await openSocket(id, token);
    await owner.ask({ type: "hello", client_id: "tab-2" });
    expect(await here()).toMatchObject([
      { user_id: account.user.id, role: "owner", since: first.since },
      { name: "Ben", role: "editor" },
    ]);
    owner.close();
    await owner.next();
    await expect.poll(here).toMatchObject([{ user_id: account.user.id, role: "viewer" }, { name: "Ben" }]);
  });

  it("AU-4: answers somebody else's document like one that is absent, and wakes no room", async () => {
    const { token, id } = await setUp();
    const stranger = (await newAccount()).access_token;
    const rooms = await listDurableObjectIds(env.ROOMS);
    const foreign = await api("GET", `/documents/${id}/presence`, { token: stranger });
    const absent = await api("GET", `/documents/${crypto.randomUUID()}/presence`, { token });
    expectProblem(foreign, "not_found");
    expectProblem(absent, "not_found");
    expect({ ...foreign.body, request_id: "" }).toEqual({ ...absent.body, request_id: "" });
    expectProblem(await api("GET", `/documents/${id}/presence`), "unauthenticated");
    expectProblem(await api("GET", "/documents/x/presence", { token }), "invalid_request");
    expect(await roomsBesides(rooms)).toEqual([]);
  });

  it("is gone with its document", async () => {
    const { token, id } = await setUp();
    await api("DELETE", `/documents/${id}`, { token });
    expectProblem(await api("GET", `/documents/${id}/presence`, { token }), "not_found");
  });
});
