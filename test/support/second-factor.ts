import { expect } from "vitest";
import type { TokensBody } from "../../src/protocol/rest/accounts.ts";
import { api } from "./api.ts";
import { codeAt } from "./authenticator.ts";

/** Switches a second factor on for an account that has none. */
export async function setUpSecondFactor({
  access_token: token,
}: Pick<TokensBody, "access_token">): Promise<{ secret: string; recoveryCodes: string[] }> {
  const begun = await api("POST", "/users/me/second-factor", { token });
  expect(begun.status, begun.text).toBe(201);
  const { secret } = begun.body;
  const confirmed = await api("POST", "/users/me/second-factor/confirmation", {
    token,
    json: { code: codeAt(secret) },
  });
  expect(confirmed.status, confirmed.text).toBe(200);
  return { secret, recoveryCodes: confirmed.body.recovery_codes };
}
