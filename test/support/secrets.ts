/** Fixed keys and settings, made for the tests alone. */
export const testSecrets = {
  SIGNING_KEYS: JSON.stringify({
    keys: [
      {
        kid: "test-1",
        alg: "EdDSA",
        kty: "OKP",
        crv: "Ed25519",
        x: "u-nOE1bsIMVj-u-Mk_K-X12WFxVtATrviAlrTC9j4iI",
        d: "5sqXGD3QeIV7Az5CgHvQahyczMJxA3x0fCd-MK9HgPw",
      },
      {
        kid: "test-0",
        alg: "EdDSA",
        kty: "OKP",
        crv: "Ed25519",
        x: "uY_AHlLMeEqOMvMCl9_Y_JVKUdiLWi0EHHVNNbgOi-c",
        d: "NuAv_bzPmmiSVS6Re7yvJRlKKO7iN8j7JGGx5Z7GXwc",
      },
    ],
  }),
  REFRESH_SECRET: "a-refresh-secret-of-the-tests-alone-0123456789",
  ENCRYPTION_SECRET: "an-encryption-secret-of-the-tests-alone-0123456789",
  ADMIN_TOKEN: "an-operators-token-of-the-tests-alone-0123456789",
  WEBHOOKS_TO_LOOPBACK: "true",
  ALLOWED_ORIGINS: "https://app.example, http://localhost:5173",
};
