export const testSecrets = { SIGNING_KEYS: "", REFRESH_SECRET: "" };
