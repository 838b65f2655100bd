import { expect, it } from "vitest";
import { OtherStates, type OtherStatesPorts } from "../../src/room/other-states.ts";
import { api, expectProblem, newAccount } from "../support/api.ts";
import { testSecrets } from "../support/secrets.ts";

const day = 24 * 3_600_000;
const now = Date.UTC(2026, 10, 23);

/** A room on a platform that keeps earlier states, which workerd on this machine does not: what it is asked for, in order. */
function onCloudflare() {
  const asked: string[] = [];
  const storage = {
    getBookmarkForTime: async (at: number) => `bookmark of ${at - now}`,
    onNextSessionRestoreBookmark: async (bookmark: string) => {
      asked.push(`restore ${bookmark}`);
      return "bookmark of now";
    },
  };
  const states = new OtherStates({
    requests: {
      replaceEpoch: () => {
        asked.push("epoch");
        return { ok: true, version: 3, epoch: "another" };
      },
    },
    storage,
    now: () => now,
    replaced: async () => void asked.push("replaced"),
    restart: () => void asked.push("restart"),
  } as unknown as OtherStatesPorts);
  return { asked, states };
}

it("a room is put back to a moment at its next start, and no epoch is written into what is about to go", async () => {
  const { asked, states } = onCloudflare();
  expect(await states.rewind(now - day)).toEqual({ ok: true, before: "bookmark of now" });
  expect(asked).toEqual([`restore bookmark of ${-day}`, "restart"]);
  await expect(states.replaceEpoch()).rejects.toThrow("not started again");
  expect(asked).toHaveLength(2);
  // As it is after the start.
  const { asked: later, states: started } = onCloudflare();
  expect(await started.replaceEpoch()).toEqual({ ok: true, version: 3, epoch: "another" });
  expect(later).toEqual(["epoch", "replaced"]);
});

it.each([
  ["to come", 1],
  ["before what is kept", -31 * day],
])("a moment %s is refused, and nothing is restarted", async (_, ms) => {
  const { asked, states } = onCloudflare();
  expect(await states.rewind(now + ms)).toMatchObject({ ok: false, code: "invalid_request" });
  expect(asked).toEqual([]);
});

it("where the platform keeps no earlier states the operator is told so, and the document goes on", async () => {
  const { access_token: token } = await newAccount();
  const { id } = (await api("POST", "/documents", { token, json: { title: "Rewound", content: "Hello" } }))
    .body;
  const rewind = (document: string, at: string) =>
    api("POST", `/admin/documents/${document}/rewind`, { token: testSecrets.ADMIN_TOKEN, json: { at } });
  const ago = new Date(Date.now() - 60_000).toISOString();
  expectProblem(await rewind(id, ago), "not_configured");
  expectProblem(await rewind(id, "2020-01-01T00:00:00Z"), "invalid_request");
  expectProblem(await rewind(id, "yesterday"), "validation_failed");
  expectProblem(await rewind(crypto.randomUUID(), ago), "not_found");
  expectProblem(
    await api("POST", `/admin/documents/${id}/rewind`, { token, json: { at: ago } }),
    "invalid_token",
  );
  expect((await api("GET", `/documents/${id}`, { token })).body).toMatchObject({
    content: "Hello",
    version: 1,
  });
});
