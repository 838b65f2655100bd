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
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
