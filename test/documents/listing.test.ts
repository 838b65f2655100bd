import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import type { TokensBody } from "../../src/protocol/rest/accounts.ts";
import { api, expectProblem, newAccount } from "../support/api.ts";
import { addMember, confirmAddresses } from "../support/members.ts";

let owner: TokensBody;
let editor: TokensBody;
let viewer: TokensBody;
let friend: TokensBody;
let workspaceId: string;
/** Ids by title. */
const ids: Record<string, string> = {};

const create = async (who: TokensBody, title: string, workspace?: string) => {
  const json = { title, ...(workspace !== undefined && { workspace_id: workspace }) };
  const { body } = await api("POST", "/documents", { token: who.access_token, json });
  ids[title] = body.id;
};

/** Titles on all pages of two. */
async function list(who: TokensBody, query = ""): Promise<string[]> {
  const titles: string[] = [];
  for (let cursor = ""; ; ) {
    const answer = await api("GET", `/documents?limit=2${query}${cursor}`, { token: who.access_token });
    expect(answer.status, answer.text).toBe(200);
    titles.push(...answer.body.items.map(({ title }: { title: string }) => title));
    if (answer.body.next_cursor === null) return titles;
    cursor = `&cursor=${answer.body.next_cursor}`;
  }
}

beforeAll(async () => {
  [owner, editor, viewer, friend] = await Promise.all([
    newAccount(),
    newAccount(),
    newAccount(),
    newAccount(),
  ]);
  await confirmAddresses(friend);
  const token = owner.access_token;
  workspaceId = (await api("POST", "/workspaces", { token, json: { name: "Team" } })).body.id;
  await addMember(workspaceId, editor, "editor");
  await addMember(workspaceId, viewer, "viewer");
  await create(owner, "private");
  await create(owner, "plan", workspaceId);
  await create(editor, "draft", workspaceId);
  await create(owner, "notes", workspaceId);
  await create(editor, "deleted draft", workspaceId);
  await create(owner, "deleted plan", workspaceId);
  for (const title of ["deleted draft", "deleted plan"])
    await api("DELETE", `/documents/${ids[title]}`, { token });
  await api("PUT", `/documents/${ids.plan}/grants`, {
    token,
    json: { email: friend.user.email, role: "viewer" },
  });
});

describe("GET /documents", () => {
  it("lists a workspace for each of its members, and for nobody else", async () => {
    for (const member of [owner, editor, viewer]) {
      expect(await list(member, `&workspace_id=${workspaceId}`)).toEqual(["notes", "draft", "plan"]);
    }
    const query = `/documents?workspace_id=${workspaceId}`;
    expectProblem(await api("GET", query, { token: friend.access_token }), "not_found");
  });

  it("lists one's own, wherever they are, and another's as far as one may read them", async () => {
    expect(await list(owner)).toEqual(["notes", "plan", "private"]);
    expect(await list(viewer, `&owner_id=${owner.user.id}`)).toEqual(["notes", "plan"]);
    expect(await list(viewer, `&owner_id=${editor.user.id}&workspace_id=${workspaceId}`)).toEqual(["draft"]);
    expect(await list(friend, `&owner_id=${owner.user.id}`)).toEqual(["plan"]);
    expect(await list(friend)).toEqual([]);
  });

  it("lists what was shared with one", async () => {
    expect(await list(friend, "&shared=true")).toEqual(["plan"]);
    expect(await list(viewer, "&shared=true")).toEqual([]);
  });

  it("lists by the newest change", async () => {
    await env.DB.prepare("UPDATE documents SET updated_at = updated_at + 60000 WHERE id = ?")
      .bind(ids.plan)
      .run();
    expect(await list(viewer, `&workspace_id=${workspaceId}&order=updated`)).toEqual([
      "plan",
      "notes",
      "draft",
    ]);
    expect(await list(owner, "&order=updated")).toEqual(["plan", "notes", "private"]);
  });

  it("lists the trash for those who may bring something back", async () => {
    expect(await list(owner, `&workspace_id=${workspaceId}&deleted=true`)).toEqual([
      "deleted plan",
      "deleted draft",
    ]);
    expect(await list(editor, `&workspace_id=${workspaceId}&deleted=true`)).toEqual(["deleted draft"]);
    expect(await list(viewer, `&workspace_id=${workspaceId}&deleted=true`)).toEqual([]);
    expect(await list(owner, "&deleted=true")).toEqual(["deleted plan"]);
  });

  it("forgets for somebody what they may not read any more", async () => {
    const left = await newAccount();
    await addMember(workspaceId, left, "editor");
    await create(left, "left behind", workspaceId);
    expect(await list(left)).toEqual(["left behind"]);
    await api("DELETE", `/workspaces/${workspaceId}/members/${left.user.id}`, { token: left.access_token });
    expect(await list(left)).toEqual([]);
    expect(await list(owner, `&owner_id=${left.user.id}`)).toEqual(["left behind"]);
  });

  it.each(["order=title", "shared=1", "deleted=", "workspace_id=x", "owner_id=me"])(
    "refuses ?%s",
    async (query) => {
      expectProblem(
        await api("GET", `/documents?${query}`, { token: owner.access_token }),
        "invalid_request",
      );
    },
  );
});
