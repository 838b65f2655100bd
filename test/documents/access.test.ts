import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { roleIn } from "../../src/documents/access.ts";
import type { TokensBody } from "../../src/protocol/rest/accounts.ts";
import { api, expectProblem, newAccount } from "../support/api.ts";
import { addMember } from "../support/members.ts";
import { openSocket } from "../support/socket.ts";

describe("AU-4: the role in a document", () => {
  // [workspace role, grant, link, made by them, role]
  it.each([
    ["owner", null, null, false, "owner"],
    ["owner", "viewer", null, true, "owner"],
    ["admin", null, null, false, "owner"],
    ["editor", null, null, false, "editor"],
    ["editor", null, null, true, "owner"],
    ["editor", "viewer", null, false, "editor"],
    ["viewer", null, null, false, "viewer"],
    ["viewer", null, null, true, "viewer"],
    ["viewer", "editor", null, true, "editor"],
    [null, "editor", null, false, "editor"],
    [null, "viewer", null, false, "viewer"],
    [null, "viewer", null, true, "viewer"],
    [null, null, null, false, undefined],
    [null, null, null, true, undefined],
    [null, null, "viewer", false, "viewer"],
    [null, null, "editor", true, "editor"],
    [null, "viewer", "editor", false, "editor"],
    [null, "editor", "viewer", false, "editor"],
    ["viewer", null, "editor", false, "editor"],
    ["editor", null, "viewer", true, "owner"],
  ] as const)(
    "of workspace role %s, grant %s, link %s, made by them %s, is %s",
    (workspaceRole, grantedRole, linkRole, made, role) => {
      expect(
        roleIn({ ownerId: made ? "me" : "another" }, "me", { workspaceRole, grantedRole, linkRole }),
      ).toBe(role);
    },
  );
});

describe("AU-4: members of a workspace", () => {
  let owner: TokensBody;
  let member: TokensBody;
  let workspaceId: string;
  let id: string;

  beforeAll(async () => {
    [owner, member] = await Promise.all([newAccount(), newAccount()]);
    const token = owner.access_token;
    workspaceId = (await api("POST", "/workspaces", { token, json: { name: "Team" } })).body.id;
    const made = await api("POST", "/documents", {
      token,
      json: { title: "Plan", content: "text", workspace_id: workspaceId },
    });
    id = made.body.id;
  });

  const path = () => `/documents/${id}`;

  it("do in its documents what their role allows", async () => {
    const token = member.access_token;
    expectProblem(await api("GET", path(), { token }), "not_found");
    await addMember(workspaceId, member, "viewer");
    expect((await api("GET", path(), { token })).body.content).toBe("text");
    expectProblem(await api("PATCH", path(), { token, json: { title: "X" } }), "forbidden");
    expectProblem(await api("DELETE", path(), { token }), "forbidden");
    const json = { title: "Mine", workspace_id: workspaceId };
    expectProblem(await api("POST", "/documents", { token, json }), "forbidden");
    await addMember(workspaceId, member, "editor");
    expect((await api("PATCH", path(), { token, json: { title: "Plan B" } })).status).toBe(200);
    expectProblem(await api("DELETE", path(), { token }), "forbidden");
    const own = await api("POST", "/documents", { token, json });
    expect(own.status).toBe(201);
    expect((await api("DELETE", `/documents/${own.body.id}`, { token })).status).toBe(204);
    await addMember(workspaceId, member, "admin");
    expect((await api("GET", `${path()}/stats`, { token })).status).toBe(200);
  });

  it("AC-1: have a new role in their open sockets at once, in both directions, and lose them when they are removed", async () => {
    const token = owner.access_token;
    await addMember(workspaceId, member, "viewer");
    const socket = await openSocket(id, member.access_token);
    const welcome = await socket.ask({ type: "hello", client_id: crypto.randomUUID() });
    expect(welcome.role).toBe("viewer");
    const members = `/workspaces/${workspaceId}/members/${member.user.id}`;
    await api("PATCH", members, { token, json: { role: "editor" } });
    expect(await socket.next()).toMatchObject({ type: "role", role: "editor" });
    expect(await socket.ask({ type: "submit", seq: 1, base: welcome.version, op: ["a"] })).toMatchObject({
      type: "ack",
    });
    await api("PATCH", members, { token, json: { role: "viewer" } });
    expect(await socket.next()).toMatchObject({ type: "role", role: "viewer" });
    expect(await socket.ask({ type: "submit", seq: 2, base: welcome.version + 1, op: ["b"] })).toMatchObject({
      type: "error",
      code: "forbidden",
    });
    expect((await api("DELETE", members, { token })).status).toBe(204);
    expect(await socket.next()).toEqual({ closed: 4403 });
    expectProblem(await api("GET", path(), { token: member.access_token }), "not_found");
  });

  it("lose its documents when it is deleted, and have them back when it is restored", async () => {
    const token = owner.access_token;
    await addMember(workspaceId, member, "editor");
    const socket = await openSocket(id, member.access_token);
    await socket.ask({ type: "hello", client_id: crypto.randomUUID() });
    await api("DELETE", `/workspaces/${workspaceId}`, { token });
    expect(await socket.next()).toEqual({ closed: 4403 });
    for (const who of [owner, member]) {
      expectProblem(await api("GET", path(), { token: who.access_token }), "not_found");
    }
    await api("POST", `/workspaces/${workspaceId}/restore`, { token });
    expect((await api("GET", path(), { token: member.access_token })).body.title).toBe("Plan B");
  });

  it("see what was granted to them alone, also outside of their workspaces", async () => {
    const guest = await newAccount();
    const grant = (role: string) =>
      env.DB.prepare(
        `INSERT INTO document_grants (document_id, user_id, role, granted_by, created_at) VALUES (?, ?, ?, ?, 0)
         ON CONFLICT DO UPDATE SET role = excluded.role`,
      )
        .bind(id, guest.user.id, role, owner.user.id)
        .run();
    await grant("viewer");
    expect((await api("GET", path(), { token: guest.access_token })).status).toBe(200);
    expectProblem(
      await api("PATCH", path(), { token: guest.access_token, json: { title: "X" } }),
      "forbidden",
    );
    await grant("editor");
    const changed = await api("PATCH", path(), { token: guest.access_token, json: { content: "other" } });
    expect(changed.body.content).toBe("other");
    expectProblem(await api("GET", `/workspaces/${workspaceId}`, { token: guest.access_token }), "not_found");
  });
});
