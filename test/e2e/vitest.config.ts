import { defineConfig } from "vitest/config";

/** The web app in a real browser, against the service of `npm start`: `npm run e2e`. */
export default defineConfig({
  test: {
    root: new URL("../..", import.meta.url).pathname,
    name: "e2e",
    include: ["test/e2e/**/*.test.ts"],
    globalSetup: ["./test/e2e/service.ts"],
    // One browser at a time: on two cores, a second one makes both slow.
    fileParallelism: false,
    // The longest take 15 s where nothing else runs.
    testTimeout: 180_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 60_000 } },
  },
});
