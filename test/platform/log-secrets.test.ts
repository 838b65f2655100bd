import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { log } from "../../src/platform/log.ts";
import { api, expectProblem, newAccount } from "../support/api.ts";
import { secretsIn } from "../support/log-secrets.ts";
import { newestMail, tokenIn } from "../support/mailbox.ts";
import { setUpSecondFactor } from "../support/second-factor.ts";
import { watchedLog } from "../support/watch-log.ts";

describe("no secret is in the log", () => {
  it("which is looked through for each kind of them", async () => {
    const { access_token, refresh_token, user } = await newAccount();
    const { secret: authenticator, recoveryCodes } = await setUpSecondFactor({ access_token });
    const link = tokenIn(await newestMail(user.email, "Confirm your e-mail address"));
    const hash = await env.DB.prepare("SELECT password_hash FROM users WHERE id = ?")
      .bind(user.id)
      .first<string>("password_hash");
    for (const secret of [
      access_token,
      refresh_token,
      user.email,
      link,
      hash,
      "SecurePass123!",
      env.SIGNING_KEYS,
      env.REFRESH_SECRET,
      env.ENCRYPTION_SECRET,
      authenticator,
      recoveryCodes[0],
      `mat_${link}`,
    ]) {
      expect(secretsIn(`{"event":"x","detail":${JSON.stringify(secret)}}`), String(secret)).not.toEqual([]);
    }
    const line = {
      event: "x",
      request_id: crypto.randomUUID(),
      user_id: user.id,
      route: "/api/v1/auth/login",
    };
    expect(secretsIn(JSON.stringify(line))).toEqual([]);
  });

  it("by every test that runs in workerd: what the service writes is seen, and a secret in it found", () => {
    const before = watchedLog.lines;
    log("info", "canary", { token: "mat_0123456789" });
    expect(watchedLog.lines).toBe(before + 1);
    expect(watchedLog.found.splice(0)).toEqual([expect.stringContaining("a personal access token in: ")]);
  });

  it("when D1 fails under requests that carry them", async () => {
    const { access_token: token, refresh_token, user } = await newAccount();
    await newestMail(user.email, "Confirm your e-mail address");
    const before = watchedLog.lines;
    const password = "correct horse battery staple";
    const requests: [string, object][] = [
      ["/auth/register", { email: user.email, password, name: "Secret Name" }],
      ["/auth/login", { email: user.email, password }],
      ["/auth/refresh", { refresh_token }],
      ["/auth/password/forgot", { email: user.email }],
      ["/auth/password/reset", { token: "x".repeat(43), password }],
      ["/auth/reauthenticate", { password }],
      ["/users/me/email", { email: "somebody@example.com" }],
    ];
    await env.DB.exec("ALTER TABLE users RENAME TO users_away");
    try {
      for (const [path, json] of requests) {
        const answer = await api("POST", path, { token, json });
        if (answer.status >= 400) expectProblem(answer, answer.body.error);
      }
    } finally {
      await env.DB.exec("ALTER TABLE users_away RENAME TO users");
    }
    expect(watchedLog.lines).toBeGreaterThan(before + 3);
    expect(watchedLog.found).toEqual([]);
  });
});
