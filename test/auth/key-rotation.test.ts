import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { exportJWK, generateKeyPair } from "jose";
import { expect, it } from "vitest";
import { type KeySet, type NamedKey, nextStep, stepMs } from "../../scripts/key-rotation.ts";
import { app } from "../../src/app.ts";
import { accessTokenSeconds } from "../../src/auth/access-token.ts";
import { newestSecret } from "../../src/webhooks/signing.ts";
import { api } from "../support/api.ts";
import { testSecrets } from "../support/secrets.ts";

async function newKey(kid: string): Promise<NamedKey> {
  const { privateKey } = await generateKeyPair("EdDSA", { extractable: true });
  return { ...(await exportJWK(privateKey)), kid, alg: "EdDSA" };
}

/** The service as a deployment with these keys. */
async function ask(
  set: KeySet,
  path: string,
  init: RequestInit & { token?: string } = {},
): Promise<Response> {
  const headers = new Headers({ "content-type": "application/json" });
  if (init.token !== undefined) headers.set("authorization", `Bearer ${init.token}`);
  const request = new Request(`https://materi.test${path}`, { ...init, headers });
  const deployment = { ...env, SIGNING_KEYS: JSON.stringify(set) };
  return app.fetch(request, deployment, createExecutionContext());
}

const post = (set: KeySet, path: string, json: object) =>
  ask(set, `/api/v1${path}`, { method: "POST", body: JSON.stringify(json) });
const me = async (set: KeySet, token: string) => (await ask(set, "/api/v1/users/me", { token })).status;
const signedBy = (token: string): string => JSON.parse(atob(token.split(".")[0] ?? "")).kid;
const published = async (set: KeySet): Promise<string[]> => {
  const { keys } = (await (await ask(set, "/.well-known/jwks.json")).json()) as KeySet;
  return keys.map(({ kid }) => kid);
};

it("AU-9: through two rotations every token is taken by the deployments before and after it, and nobody is logged out", async () => {
  const first: KeySet = { keys: [(JSON.parse(testSecrets.SIGNING_KEYS) as KeySet).keys[0]!] };
  const registered = await post(first, "/auth/register", {
    email: `rotation-${crypto.randomUUID()}@example.com`,
    password: "SecurePass123!",
    name: "R",
  });
  let tokens = (await registered.json()) as { access_token: string; refresh_token: string };
  let now = Date.now();
  let set = first;
  const signers = [signedBy(tokens.access_token)];
  for (let step = 0; step < 6; step++) {
    now += stepMs;
    const next = nextStep(set, await newKey(`fresh-${step}`), now);
    if ("notBefore" in next) throw new Error("too early");
    // A token that is made before the step, and one that is made after it while the old deployment is still about.
    expect(await me(next.set, tokens.access_token)).toBe(200);
    const refreshed = await post(next.set, "/auth/refresh", { refresh_token: tokens.refresh_token });
    expect(refreshed.status).toBe(200);
    tokens = (await refreshed.json()) as typeof tokens;
    expect(await me(set, tokens.access_token)).toBe(200);
    expect(await published(next.set)).toEqual(next.set.keys.map(({ kid }) => kid));
    set = next.set;
    signers.push(signedBy(tokens.access_token));
  }
  const start = first.keys[0]!.kid;
  expect(signers).toEqual([start, start, "fresh-0", "fresh-0", "fresh-0", "fresh-3", "fresh-3"]);
  expect(await published(set)).toEqual(["fresh-3"]);
  // Between two steps every token of before has ended.
  expect(stepMs).toBeGreaterThan(accessTokenSeconds * 1000);
});

it("AU-9: a secret of refresh tokens is replaced in three deployments, and nobody is logged out, and webhooks keep theirs", async () => {
  const [old, young] = [testSecrets.REFRESH_SECRET, "a-younger-refresh-secret-of-the-tests-0123456789"];
  const [before, ...deployments] = [
    { REFRESH_SECRET: old },
    { REFRESH_SECRET: `${old},${young}`, WEBHOOK_SECRET: old },
    { REFRESH_SECRET: `${young}, ${old}`, WEBHOOK_SECRET: old },
    { REFRESH_SECRET: young, WEBHOOK_SECRET: old },
  ].map((secrets) => ({ ...env, ...secrets }) as Env);
  const { body } = await api("POST", "/auth/register", {
    json: { email: `r-${crypto.randomUUID()}@example.com`, password: "SecurePass123!", name: "R" },
  });
  const refreshed = async (deployment: Env, refresh_token: string): Promise<string> => {
    const request = new Request("https://materi.test/api/v1/auth/refresh", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ refresh_token }),
    });
    const answer = await app.fetch(request, deployment, createExecutionContext());
    expect(answer.status).toBe(200);
    return ((await answer.json()) as { refresh_token: string }).refresh_token;
  };
  const webhook = { id: crypto.randomUUID(), secretGeneration: 1, oldSecretUntil: null };
  const signedWith = await newestSecret(before!, webhook);
  let [token, last] = [body.refresh_token as string, before!];
  for (const deployment of deployments) {
    // While a deployment is on its way, the one before it answers too.
    token = await refreshed(deployment, token);
    if (deployment !== deployments.at(-1)) token = await refreshed(last, token);
    token = await refreshed(deployment, token);
    expect(await newestSecret(deployment, webhook)).toBe(signedWith);
    last = deployment;
  }
});

it("AU-9: a step that comes too early is not taken", async () => {
  const [one, two] = [await newKey("one"), await newKey("two")];
  const added = nextStep({ keys: [one] }, two, 1_000_000);
  if ("notBefore" in added) throw new Error("too early");
  expect(nextStep(added.set, one, 1_000_000 + stepMs - 1)).toEqual({ notBefore: 1_000_000 + stepMs });
  expect(nextStep(added.set, one, 1_000_000 + stepMs)).toMatchObject({ step: "promoted" });
});
