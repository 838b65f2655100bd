import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import type { TokensBody } from "../../src/protocol/rest/accounts.ts";
import { api, expectProblem, newAccount } from "../support/api.ts";
import { newestMail, tokenIn } from "../support/mailbox.ts";
import { addMember } from "../support/members.ts";

let owner: TokensBody;
let id: string;

beforeAll(async () => {
  owner = await newAccount();
  const made = await api("POST", "/workspaces", { token: owner.access_token, json: { name: "Team" } });
  id = made.body.id;
});

const addressOf = (name: string) => `${name}-${crypto.randomUUID().slice(0, 8)}@example.com`;

async function invite(email: string, role = "editor", by = owner) {
  return api("POST", `/workspaces/${id}/invitations`, { token: by.access_token, json: { email, role } });
}

const tokenTo = async (email: string) => tokenIn(await newestMail(email, "You are invited to a workspace"));

const accept = (token: string, by: TokensBody) =>
  api("POST", "/invitations/accept", { token: by.access_token, json: { token } });

describe("invitations", () => {
  it("make whoever gets the message a member, once", async () => {
    const email = addressOf("Guest");
    const invited = await invite(email, "viewer");
    expect(invited.status).toBe(201);
    expect(invited.body).toEqual({
      id: expect.any(String),
      email,
      role: "viewer",
      invited_by: owner.user.id,
      created_at: expect.any(String),
      expires_at: expect.any(String),
    });
    const token = await tokenTo(email);
    expect(invited.text).not.toContain(token);
    const [guest, other] = await Promise.all([newAccount(), newAccount()]);
    const joined = await accept(token, guest);
    expect(joined.body).toMatchObject({ id, name: "Team", role: "viewer" });
    expectProblem(await accept(token, other), "invalid_invitation");
    expect((await api("GET", `/workspaces/${id}`, { token: guest.access_token })).body.role).toBe("viewer");
    expectProblem(await api("GET", `/workspaces/${id}`, { token: other.access_token }), "not_found");
  });

  it("accepted by two at once make one of them a member", async () => {
    for (let round = 0; round < 5; round++) {
      const email = addressOf("race");
      await invite(email);
      const token = await tokenTo(email);
      const people = await Promise.all([newAccount(), newAccount()]);
      const answers = await Promise.all(people.map((person) => accept(token, person)));
      expect(answers.map(({ status }) => status).sort()).toEqual([200, 404]);
    }
  });

  it("are stored as hashes alone", async () => {
    const email = addressOf("hash");
    await invite(email);
    const token = await tokenTo(email);
    const rows = JSON.stringify((await env.DB.prepare("SELECT * FROM invitations").all()).results);
    expect(rows).toContain(email);
    expect(rows).not.toContain(token);
  });

  it("of the same address replace each other", async () => {
    const email = addressOf("again");
    await invite(email);
    const first = await tokenTo(email);
    await invite(email.toUpperCase().replace("EXAMPLE.COM", "example.com"), "viewer");
    const guest = await newAccount();
    expectProblem(await accept(first, guest), "invalid_invitation");
  });

  it("are listed and withdrawn by owners and admins, and nobody else", async () => {
    const [admin, editor] = await Promise.all([newAccount(), newAccount()]);
    await addMember(id, admin, "admin");
    await addMember(id, editor, "editor");
    const email = addressOf("withdrawn");
    expectProblem(await invite(email, "viewer", editor), "forbidden");
    const { body } = await invite(email, "viewer", admin);
    const path = `/workspaces/${id}/invitations`;
    expectProblem(await api("GET", path, { token: editor.access_token }), "forbidden");
    const list = await api("GET", path, { token: admin.access_token });
    expect(list.body.items).toContainEqual(body);
    const token = await tokenTo(email);
    expectProblem(await api("DELETE", `${path}/${body.id}`, { token: editor.access_token }), "forbidden");
    expect((await api("DELETE", `${path}/${body.id}`, { token: admin.access_token })).status).toBe(204);
    expectProblem(await api("DELETE", `${path}/${body.id}`, { token: admin.access_token }), "not_found");
    expectProblem(await accept(token, await newAccount()), "invalid_invitation");
  });

  it("expire", async () => {
    const email = addressOf("late");
    const { body } = await invite(email);
    const token = await tokenTo(email);
    await env.DB.prepare("UPDATE invitations SET expires_at = ? WHERE id = ?")
      .bind(Date.now() - 1, body.id)
      .run();
    expectProblem(await accept(token, await newAccount()), "invalid_invitation");
  });

  it("leave a member what they are, and are used up", async () => {
    const email = addressOf("member");
    await invite(email, "viewer");
    const token = await tokenTo(email);
    expect((await accept(token, owner)).body.role).toBe("owner");
    expectProblem(await accept(token, await newAccount()), "invalid_invitation");
  });

  it("of a deleted workspace are worth nothing until it is back", async () => {
    const made = await api("POST", "/workspaces", { token: owner.access_token, json: { name: "Gone" } });
    const path = `/workspaces/${made.body.id}`;
    const email = addressOf("gone");
    await api("POST", `${path}/invitations`, { token: owner.access_token, json: { email, role: "editor" } });
    const token = await tokenTo(email);
    await api("DELETE", path, { token: owner.access_token });
    const guest = await newAccount();
    expectProblem(await accept(token, guest), "invalid_invitation");
    await api("POST", `${path}/restore`, { token: owner.access_token });
    expect((await accept(token, guest)).status).toBe(200);
  });
});
