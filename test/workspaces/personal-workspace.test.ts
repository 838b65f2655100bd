import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import { api, newAccount } from "../support/api.ts";

const workspaces = async (where: string) =>
  (
    await env.DB.prepare(
      `SELECT w.personal_user_id AS person, m.user_id AS member, m.role FROM workspaces w LEFT JOIN memberships m ON m.workspace_id = w.id WHERE ${where}`,
    ).all()
  ).results;

it("every person has one workspace of their own from the start", async () => {
  const { user } = await newAccount();
  expect(await workspaces(`w.personal_user_id = '${user.id}'`)).toEqual([
    { person: user.id, member: user.id, role: "owner" },
  ]);
});

it("an account that is not opened leaves no workspace behind", async () => {
  const { user } = await newAccount();
  const ids = async () =>
    (await env.DB.prepare("SELECT id FROM workspaces").all()).results.map(({ id }) => id);
  const before = new Set(await ids());
  const again = await api("POST", "/auth/register", {
    json: { email: user.email, password: "SecurePass123!", name: "Again" },
  });
  expect(again.status).toBe(409);
  // Those of others may be erased meanwhile.
  expect((await ids()).filter((id) => !before.has(id))).toEqual([]);
});

it("a person who is no longer a member of a workspace cannot create documents in it", async () => {
  const { user, access_token: token } = await newAccount();
  await env.DB.prepare("DELETE FROM memberships WHERE user_id = ?").bind(user.id).run();
  const answer = await api("POST", "/documents", { token, json: { title: "T" } });
  expect(answer.status).toBe(404);
});
