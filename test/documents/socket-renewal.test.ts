import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { api, newAccount } from "../support/api.ts";
import { openSocket } from "../support/socket.ts";

async function openDocument() {
  const account = await newAccount();
  const created = await api("POST", "/documents", { token: account.access_token, json: { title: "T" } });
  const socket = await openSocket(created.body.id, account.access_token);
  await socket.ask({ type: "hello", client_id: "c" });
  return { account, id: created.body.id as string, socket };
}

describe("auth on an open socket", () => {
  it("AC-5: a refreshed token renews it, and its end is the new token's", async () => {
    const { account, socket } = await openDocument();
    const refreshed = await api("POST", "/auth/refresh", { json: { refresh_token: account.refresh_token } });
    const token: string = refreshed.body.access_token;
    const { exp } = JSON.parse(atob(token.split(".")[1] ?? ""));
    expect(await socket.ask({ type: "auth", token })).toEqual({ type: "auth", expires_at: exp });
    expect(await socket.ask({ type: "submit", seq: 1, base: 0, op: ["a"] })).toMatchObject({ type: "ack" });
  });

  it("AC-5: another person's token is refused; a person who may no longer see the document is put out", async () => {
    const { account, socket } = await openDocument();
    const stranger = await newAccount();
    const mismatch = { type: "error", code: "user_mismatch", retryable: false };
    expect(await socket.ask({ type: "auth", token: stranger.access_token })).toMatchObject(mismatch);
    await env.DB.prepare("DELETE FROM memberships WHERE user_id = ?").bind(account.user.id).run();
    expect(await socket.ask({ type: "auth", token: stranger.access_token })).toMatchObject(mismatch);
    expect(await socket.ask({ type: "auth", token: account.access_token })).toEqual({ closed: 4403 });
  });
});
