// The seed's test_authentication.py, under its own names.
import { beforeAll, describe, expect, it } from "vitest";
import { api, newAccount } from "../support/api.ts";
import { Browser } from "../support/browser.ts";

const email = "seed-login@example.com";
const password = "SecurePass123!";

describe("TestAuthenticationFlow", () => {
  beforeAll(async () => {
    await newAccount({ email, password, name: "Test User" });
  });

  it("test_login_success", async () => {
    const response = await api("POST", "/auth/login", { json: { email, password } });
    expect(response.status).toBe(200);
    expect(response.body).toHaveProperty("access_token");
    expect(response.body).toHaveProperty("refresh_token");
    expect(response.body).toHaveProperty("user");
    expect(response.body.user.email).toBe(email);
  });

  it("test_login_invalid_credentials", async () => {
    const response = await api("POST", "/auth/login", { json: { email, password: "WrongPassword" } });
    expect(response.status).toBe(401);
    expect(response.body).toHaveProperty("error");
  });

  it("test_token_refresh", async () => {
    const login = await api("POST", "/auth/login", { json: { email, password } });
    const response = await api("POST", "/auth/refresh", {
      json: { refresh_token: login.body.refresh_token },
    });
    expect(response.status).toBe(200);
    expect(response.body).toHaveProperty("access_token");
    expect(response.body.access_token).not.toBe(login.body.access_token);
  });

  it("test_protected_endpoint_requires_auth", async () => {
    const response = await api("GET", "/users/me");
    expect(response.status).toBe(401);
  });

  it("test_protected_endpoint_with_valid_token", async () => {
    const login = await api("POST", "/auth/login", { json: { email, password } });
    const response = await api("GET", "/users/me", { token: login.body.access_token });
    expect(response.status).toBe(200);
    expect(response.body.email).toBe(email);
  });
});

describe("TestOAuthIntegration", () => {
  // The seed puts a made-up person in the place of Google's answer; here a real OpenID provider signs one in, and the
  // code is its own. As the seed's client, this one keeps cookies.
  it("test_google_oauth_login", async () => {
    const client = new Browser();
    const begun = await client.open("/api/v1/auth/oauth/google");
    const back = await client.signInAtProvider(begun.headers.get("location") ?? "", "OAuth.User@example.com");

    const response = await client.open("/api/v1/auth/oauth/google", {
      method: "POST",
      json: { code: back.searchParams.get("code") },
    });
    expect(response.status).toBe(200);
    expect(response.body).toHaveProperty("access_token");
    const { body: user } = await api("GET", "/users/me", { token: response.body.access_token });
    expect(user.email).toBe("OAuth.User@example.com");
    expect(user.name).toBe("OAuth User");
    expect(user.oauth_provider).toBe("google");
  });
});
