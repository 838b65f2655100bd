import { Secret, TOTP } from "otpauth";
import { expect } from "vitest";
import type { TokensBody } from "../../src/protocol/rest/accounts.ts";
import { api } from "./api.ts";

/** What an authenticator shows at a time (milliseconds since the epoch). */
export const codeAt = (secret: string, at = Date.now()): string =>
  new TOTP({ secret: Secret.fromBase32(secret) }).generate({ timestamp: at });

/** A code that the authenticator shows at no time near: its last digit is another one. */
export const wrongCode = (secret: string): string => {
  const near = [-2, -1, 0, 1, 2].map((steps) => codeAt(secret, Date.now() + steps * 30_000));
  return ["000000", "111111", "222222", "333333", "444444", "555555"].find((code) => !near.includes(code))!;
};

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
