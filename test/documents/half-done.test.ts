import { createExecutionContext, runInDurableObject, waitOnExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { app } from "../../src/app.ts";
import { eraseDeleted } from "../../src/auth/account-deletion.ts";
import { eraseDocumentsIn, sweepErasures, workTime } from "../../src/documents/erasure.ts";
import { limits } from "../../src/protocol/limits.ts";
import type { TokensBody } from "../../src/protocol/rest/accounts.ts";
import { api, newAccount } from "../support/api.ts";
import { type FaultKind, faultyEnv } from "../support/faulty-env.ts";

// Whatever fails between any two steps of what touches both D1 and a room, and whether the failing step was done or not:
// the service ends it in one of its two legal states, and whoever asks again gets what they asked for, once.

/** What is done, and what has to hold of it afterwards. */
interface Trial {
  /** Documents that there were before. */
  documents: string[];
  act(env: Env): Promise<void>;
  /** After the service has put in order what was left. */
  verify(): Promise<void>;
}

/** More steps than anything of this has. */
const mostSteps = 60;

let account: TokensBody;
let token: string;
beforeEach(async () => {
  // Each failure is logged, which is as it should be.
  for (const level of ["error", "warn"] as const) vi.spyOn(console, level).mockImplementation(() => {});
  account = await newAccount();
  token = account.access_token;
});
afterEach(() => void vi.restoreAllMocks());

const rowOf = (id: string) =>
  env.DB.prepare("SELECT workspace_id, title, deleted_at FROM documents WHERE id = ?")
    .bind(id)
    .first<{ workspace_id: string; title: string; deleted_at: number | null }>();
const titled = async (title: string) =>
  (await env.DB.prepare("SELECT id FROM documents WHERE title = ?").bind(title).all<{ id: string }>())
    .results;

/**
 * No row without its room, no room without its row, and nothing that is still to be done. What the text is, where it is known: a trial
 * may come across what other tests have left of accounts that were deleted.
 */
async function expectLegal(id: string, content?: string): Promise<void> {
  const noted = env.DB.prepare("SELECT count(*) AS n FROM room_erasures WHERE document_id = ?").bind(id);
  expect(await noted.first("n"), "notes of a room").toBe(0);
  const room = env.ROOMS.getByName(id);
  if (await rowOf(id)) {
    expect(await room.read(), "the room of a row").toMatchObject({
      ok: true,
      ...(content !== undefined && { content }),
    });
    return;
  }
  const tables = await runInDurableObject(room, (_room, { storage }) =>
    storage.sql.exec("SELECT name FROM sqlite_master WHERE name NOT LIKE '\\_cf%' ESCAPE '\\'").toArray(),
  );
  expect(tables, "the room of no row").toEqual([]);
}

/** What the cron does about documents, once nobody can be at work any more. */
async function putInOrder(): Promise<void> {
  await sweepErasures(env, Date.now() + workTime + 1_000);
  await eraseDeleted(env, { eraseDocumentsIn });
}

/** Tries something with each of its steps failing, in either way, until none is left to fail. */
async function withEachStepFailing(begin: () => Promise<Trial>): Promise<number> {
  let steps = 0;
  for (const kind of ["before", "after"] as FaultKind[]) {
    for (let step = 1; ; step++) {
      expect(step, "steps").toBeLessThan(mostSteps);
      const { documents, act, verify } = await begin();
      const faulty = faultyEnv(step, kind);
      await act(faulty.env);
      if (!faulty.struck()) break;
      await putInOrder();
      for (const id of new Set([...documents, ...faulty.rooms])) {
        // What goes on behind an answer may still be at it.
        await vi
          .waitFor(() => expectLegal(id, documents.includes(id) ? "the text" : undefined), {
            timeout: 10_000,
          })
          .catch((error) => {
            throw new Error(`step ${step} failing ${kind}, document ${id}`, { cause: error });
          });
      }
      await verify();
      steps += 1;
    }
  }
  return steps;
}

/** A request through the Worker with these bindings, and what goes on behind its answer. */
async function ask(
  bindings: Env,
  method: string,
  path: string,
  json?: object,
  headers: Record<string, string> = {},
): Promise<void> {
  const request = new Request(`https://materi.test/api/v1${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json", ...headers },
    ...(json && { body: JSON.stringify(json) }),
  });
  const context = createExecutionContext();
  await (await app.fetch(request, bindings, context)).text();
  await waitOnExecutionContext(context);
}

const newDocument = async (fields: object = {}): Promise<string> =>
  (await api("POST", "/documents", { token, json: { title: "T", content: "the text", ...fields } })).body.id;
const newWorkspace = async (): Promise<string> =>
  (await api("POST", "/workspaces", { token, json: { name: "Team" } })).body.id;

describe("a failure between any two steps", { timeout: 240_000 }, () => {
  it("of creating a document leaves one, or none; asked for again by the same key it is one", async () => {
    const steps = await withEachStepFailing(async () => {
      const title = crypto.randomUUID();
      const json = { title, content: "the text" };
      const headers = { "idempotency-key": title };
      return {
        documents: [],
        act: (bindings) => ask(bindings, "POST", "/documents", json, headers),
        async verify() {
          // Who was at work on it is taken to have died.
          await env.DB.prepare("UPDATE idempotency_keys SET locked_until = 0").run();
          const again = await api("POST", "/documents", { token, json, headers });
          expect(again.status, again.text).toBe(201);
          expect(await titled(title)).toEqual([{ id: again.body.id }]);
          await expectLegal(again.body.id, "the text");
        },
      };
    });
    expect(steps).toBeGreaterThan(8);
  });

  it("of duplicating one leaves a copy, or none, and the original as it was", async () => {
    const original = await newDocument();
    const steps = await withEachStepFailing(async () => {
      const title = crypto.randomUUID();
      return {
        documents: [original],
        act: (bindings) => ask(bindings, "POST", `/documents/${original}/duplicate`, { title }),
        verify: async () => expect((await titled(title)).length).toBeLessThan(2),
      };
    });
    expect(steps).toBeGreaterThan(8);
  });

  it("of erasing one leaves it whole, or gone with its room; asked for again it is gone", async () => {
    const steps = await withEachStepFailing(async () => {
      const id = await newDocument();
      return {
        documents: [id],
        act: (bindings) => ask(bindings, "DELETE", `/documents/${id}?permanent=true`),
        async verify() {
          const again = await api("DELETE", `/documents/${id}?permanent=true`, { token });
          expect([204, 404]).toContain(again.status);
          expect(await rowOf(id)).toBeNull();
          await expectLegal(id);
        },
      };
    });
    expect(steps).toBeGreaterThan(6);
  });

  it("of moving one leaves it in one of the two workspaces; asked for again it is in the other", async () => {
    const [from, to] = [await newWorkspace(), await newWorkspace()];
    const steps = await withEachStepFailing(async () => {
      const id = await newDocument({ workspace_id: from });
      return {
        documents: [id],
        act: (bindings) => ask(bindings, "POST", `/documents/${id}/move`, { workspace_id: to }),
        async verify() {
          expect([from, to]).toContain((await rowOf(id))?.workspace_id);
          const again = await api("POST", `/documents/${id}/move`, { token, json: { workspace_id: to } });
          expect([again.status, again.body.workspace_id]).toEqual([200, to]);
        },
      };
    });
    expect(steps).toBeGreaterThan(6);
  });

  it("of putting one into the trash and of bringing it back leaves it there, or not", async () => {
    for (const method of ["DELETE", "POST"]) {
      await withEachStepFailing(async () => {
        const id = await newDocument();
        const path = `/documents/${id}`;
        if (method === "POST") await api("DELETE", path, { token });
        const place = method === "POST" ? `${path}/restore` : path;
        return {
          documents: [id],
          act: (bindings) => ask(bindings, method, place),
          async verify() {
            const again = await api(method, place, { token });
            expect([200, 204, 404]).toContain(again.status);
            expect((await rowOf(id))?.deleted_at === null).toBe(method === "POST");
          },
        };
      });
    }
  });

  it("of the cron's erasing of what is past its grace has it erased by a later one", async () => {
    const steps = await withEachStepFailing(async () => {
      const workspace = await newWorkspace();
      const documents = [await newDocument({ workspace_id: workspace }), await newDocument()];
      const past = Date.now() - (limits.graceDays + 1) * 86_400_000;
      await env.DB.batch([
        env.DB.prepare("UPDATE workspaces SET deleted_at = ? WHERE id = ?").bind(past, workspace),
        env.DB.prepare("UPDATE documents SET deleted_at = ? WHERE id = ?").bind(past, documents[1]),
      ]);
      return {
        documents,
        act: (bindings) => sweepErasures(bindings, Date.now()).catch(() => {}),
        async verify() {
          await putInOrder();
          for (const id of documents) {
            expect(await rowOf(id)).toBeNull();
            await expectLegal(id);
          }
          const left = env.DB.prepare("SELECT count(*) AS n FROM memberships WHERE workspace_id = ?");
          expect(await left.bind(workspace).first("n")).toBe(0);
        },
      };
    });
    expect(steps).toBeGreaterThan(12);
  });

  it("of deleting an account leaves it whole, or gone with its documents", async () => {
    const steps = await withEachStepFailing(async () => {
      account = await newAccount();
      token = account.access_token;
      const id = await newDocument();
      return {
        documents: [id],
        act: (bindings) => ask(bindings, "POST", "/users/me/deletion", { documents: "delete" }),
        async verify() {
          const user = env.DB.prepare("SELECT name FROM users WHERE id = ?").bind(account.user.id);
          const isGone = (await user.first("name")) === "";
          expect((await rowOf(id)) === null).toBe(isGone);
          if (isGone) return;
          expect(
            (await api("POST", "/users/me/deletion", { token, json: { documents: "delete" } })).status,
          ).toBe(204);
        },
      };
    });
    expect(steps).toBeGreaterThan(8);
  });
});
