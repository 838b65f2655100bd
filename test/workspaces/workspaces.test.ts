import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { limits } from "../../src/protocol/limits.ts";
import type { TokensBody } from "../../src/protocol/rest/accounts.ts";
import { api, expectProblem, newAccount } from "../support/api.ts";
import { addMember } from "../support/members.ts";

let owner: TokensBody;
let stranger: TokensBody;

beforeAll(async () => {
  [owner, stranger] = await Promise.all([newAccount(), newAccount()]);
});

async function newWorkspace(of = owner, name = "Team") {
  const made = await api("POST", "/workspaces", { token: of.access_token, json: { name } });
  expect(made.status).toBe(201);
  return made.body;
}

const events = async (workspaceId: string) =>
  (
    await env.DB.prepare("SELECT type FROM outbox WHERE workspace_id = ? ORDER BY created_at, rowid")
      .bind(workspaceId)
      .all<{ type: string }>()
  ).results.map(({ type }) => type);

describe("workspaces", () => {
  it("are created, read, renamed and listed", async () => {
    const made = await newWorkspace(owner, "  Team Ω ");
    expect(made).toEqual({
      id: expect.any(String),
      name: "Team Ω",
      personal: false,
      role: "owner",
      created_at: expect.stringMatching(/Z$/),
      deleted_at: null,
    });
    const token = owner.access_token;
    expect((await api("GET", `/workspaces/${made.id}`, { token })).body).toEqual(made);
    const renamed = await api("PATCH", `/workspaces/${made.id}`, { token, json: { name: "Other" } });
    expect(renamed.body).toEqual({ ...made, name: "Other" });
    const list = await api("GET", "/workspaces", { token });
    expect(list.body.items.map(({ name }: { name: string }) => name)).toEqual(
      expect.arrayContaining(["Personal", "Other"]),
    );
    expect(await events(made.id)).toEqual(["workspaces.created", "workspaces.updated"]);
  });

  it("are listed by pages, each once", async () => {
    const person = await newAccount();
    const names = ["a", "b", "c", "d"];
    for (const name of names) await newWorkspace(person, name);
    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const query: string = cursor ? `&cursor=${cursor}` : "";
      const page = await api("GET", `/workspaces?limit=2${query}`, { token: person.access_token });
      expect(page.body.items.length).toBeLessThanOrEqual(2);
      seen.push(...page.body.items.map(({ name }: { name: string }) => name));
      cursor = page.body.next_cursor;
    } while (cursor);
    expect(seen.sort()).toEqual(["Personal", ...names].sort());
  });

  it("that are foreign look exactly like absent ones", async () => {
    const { id } = await newWorkspace();
    const member = await newAccount();
    for (const [method, path, json] of [
      ["GET", "", undefined],
      ["PATCH", "", { name: "Mine" }],
      ["DELETE", "", undefined],
      ["POST", "/restore", undefined],
      ["GET", "/members", undefined],
      ["PATCH", `/members/${owner.user.id}`, { role: "viewer" }],
      ["DELETE", `/members/${owner.user.id}`, undefined],
      ["POST", "/transfer", { user_id: stranger.user.id }],
      ["POST", "/invitations", { email: "a@example.com", role: "viewer" }],
      ["GET", "/invitations", undefined],
      ["DELETE", `/invitations/${crypto.randomUUID()}`, undefined],
    ] as const) {
      const [foreign, absent] = await Promise.all(
        [id, crypto.randomUUID()].map((which) =>
          api(method, `/workspaces/${which}${path}`, { token: member.access_token, ...(json && { json }) }),
        ),
      );
      expectProblem(foreign!, "not_found");
      const { request_id: _, ...one } = foreign!.body;
      expect(absent!.body, `${method} ${path}`).toMatchObject(one);
    }
  });

  it("are kept to a number for each person", async () => {
    const person = await newAccount();
    await env.DB.batch(
      Array.from({ length: 99 }, (_, n) => [
        env.DB.prepare("INSERT INTO workspaces (id, name, created_at) VALUES (?, 'W', 0)").bind(
          `${person.user.id}-${n}`,
        ),
        env.DB.prepare(
          "INSERT INTO memberships (workspace_id, user_id, role, created_at) VALUES (?, ?, 'owner', 0)",
        ).bind(`${person.user.id}-${n}`, person.user.id),
      ]).flat(),
    );
    const answer = await api("POST", "/workspaces", {
      token: person.access_token,
      json: { name: "One more" },
    });
    expectProblem(answer, "quota_exceeded");
  });

  it("deleted are gone for all but their owners, who can bring them back", async () => {
    const { id } = await newWorkspace();
    const member = await newAccount();
    await addMember(id, member, "editor");
    const token = owner.access_token;
    expect((await api("DELETE", `/workspaces/${id}`, { token })).status).toBe(204);
    expect((await api("DELETE", `/workspaces/${id}`, { token })).status).toBe(204);
    expectProblem(await api("GET", `/workspaces/${id}`, { token: member.access_token }), "not_found");
    expect((await api("GET", `/workspaces/${id}`, { token })).body.deleted_at).not.toBeNull();
    expectProblem(await api("PATCH", `/workspaces/${id}`, { token, json: { name: "X" } }), "not_found");
    const back = await api("POST", `/workspaces/${id}/restore`, { token });
    expect(back.body.deleted_at).toBeNull();
    expect((await api("GET", `/workspaces/${id}`, { token: member.access_token })).status).toBe(200);
    expect(await events(id)).toEqual(["workspaces.created", "workspaces.deleted", "workspaces.restored"]);
  });

  it("whose grace has ended are not brought back, be they erased yet or not", async () => {
    const { id } = await newWorkspace();
    const token = owner.access_token;
    await api("DELETE", `/workspaces/${id}`, { token });
    await env.DB.prepare("UPDATE workspaces SET deleted_at = ? WHERE id = ?")
      .bind(Date.now() - limits.graceDays * 86_400_000, id)
      .run();
    expectProblem(await api("POST", `/workspaces/${id}/restore`, { token }), "not_found");
    expect(await events(id)).toEqual(["workspaces.created", "workspaces.deleted"]);
  });

  it("of a person's own cannot be deleted, left or shared", async () => {
    const token = owner.access_token;
    const { body } = await api("GET", "/workspaces", { token });
    const { id } = body.items.find(({ personal }: { personal: boolean }) => personal);
    expectProblem(await api("DELETE", `/workspaces/${id}`, { token }), "personal_workspace");
    expectProblem(
      await api("DELETE", `/workspaces/${id}/members/${owner.user.id}`, { token }),
      "personal_workspace",
    );
  });
});

describe("members", () => {
  const roles = ["owner", "admin", "editor", "viewer"] as const;
  type Role = (typeof roles)[number];

  it("may change whom the rules let them, and nobody else: every actor, member and role", async () => {
    const people = new Map<string, TokensBody>();
    const person = async (key: string) => {
      const known = people.get(key) ?? (await newAccount());
      people.set(key, known);
      return known;
    };
    const allowed = (actor: Role, self: boolean, from: Role, to: Role | null) => {
      if (actor === "owner") return true;
      if (self) return to === null || roles.indexOf(to) >= roles.indexOf(from);
      return actor === "admin" && from !== "owner" && to !== "owner";
    };
    const { id } = await newWorkspace();
    for (const actorRole of roles) {
      for (const from of roles) {
        for (const to of [...roles, null]) {
          const actor = await person("actor");
          const member = await person("member");
          await addMember(id, actor, actorRole);
          await addMember(id, member, from);
          const path = `/workspaces/${id}/members/${member.user.id}`;
          const token = actor.access_token;
          const answer = to
            ? await api("PATCH", path, { token, json: { role: to } })
            : await api("DELETE", path, { token });
          const what = `${actorRole} makes ${from} ${to}`;
          if (allowed(actorRole, false, from, to)) expect(answer.status, what).toBe(to ? 200 : 204);
          else expect(answer.body?.error, what).toBe("forbidden");
          if (actorRole !== from) continue;
          await addMember(id, actor, actorRole);
          const ownPath = `/workspaces/${id}/members/${actor.user.id}`;
          const own = to
            ? await api("PATCH", ownPath, { token, json: { role: to } })
            : await api("DELETE", ownPath, { token });
          const self = `${from} makes themselves ${to}`;
          if (allowed(actorRole, true, from, to)) expect(own.status, self).toBe(to ? 200 : 204);
          else expect(own.body?.error, self).toBe("forbidden");
        }
      }
    }
  });

  it("are listed with their roles, those first who came first", async () => {
    const { id } = await newWorkspace();
    const member = await newAccount();
    await addMember(id, member, "viewer");
    const { body } = await api("GET", `/workspaces/${id}/members`, { token: member.access_token });
    expect(body.items).toEqual([
      expect.objectContaining({ user_id: owner.user.id, role: "owner", email: owner.user.email }),
      expect.objectContaining({ user_id: member.user.id, role: "viewer", name: member.user.name }),
    ]);
  });

  it("the last owner can neither leave nor step down", async () => {
    const { id } = await newWorkspace();
    const token = owner.access_token;
    const path = `/workspaces/${id}/members/${owner.user.id}`;
    expectProblem(await api("DELETE", path, { token }), "last_owner");
    expectProblem(await api("PATCH", path, { token, json: { role: "admin" } }), "last_owner");
    expect((await api("GET", `/workspaces/${id}`, { token })).body.role).toBe("owner");
  });

  it("of two owners who leave at once, one stays", async () => {
    for (let round = 0; round < 5; round++) {
      const { id } = await newWorkspace();
      const other = await newAccount();
      await addMember(id, other, "owner");
      const answers = await Promise.all(
        [owner, other].map(({ user, access_token: token }) =>
          api("DELETE", `/workspaces/${id}/members/${user.id}`, { token }),
        ),
      );
      expect(answers.map(({ status }) => status).sort()).toEqual([204, 409]);
    }
  });

  it("an owner hands the workspace over in one step", async () => {
    const { id } = await newWorkspace();
    const other = await newAccount();
    const token = owner.access_token;
    const json = { user_id: other.user.id };
    expectProblem(await api("POST", `/workspaces/${id}/transfer`, { token, json }), "not_found");
    await addMember(id, other, "viewer");
    expect((await api("POST", `/workspaces/${id}/transfer`, { token, json })).body.role).toBe("owner");
    expect((await api("GET", `/workspaces/${id}`, { token })).body.role).toBe("admin");
    expect((await api("DELETE", `/workspaces/${id}/members/${owner.user.id}`, { token })).status).toBe(204);
  });
});
