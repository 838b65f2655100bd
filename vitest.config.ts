import { mkdirSync } from "node:fs";
import { cloudflareTest, readD1Migrations } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";
import { mailbox } from "./test/support/mailbox-worker.ts";
import { testSecrets } from "./test/support/secrets.ts";
import { spans } from "./test/support/spans-worker.ts";

// Of the web app these tests need no more than that its folder is there.
mkdirSync("dist/web", { recursive: true });

// Else wrangler warns, before every file, of the secrets that these tests bring along.
process.env.WRANGLER_LOG ??= "error";

// What is waited for has come at once, or the product is wrong: how long a busy machine may take is no part of what is tested.
const patience = { poll: { timeout: 20_000 } };

export default defineConfig({
  test: {
    // vitest would leave a core idle, which on two is half of the machine.
    maxWorkers: "100%",
    coverage: {
      reportOnFailure: true,
      provider: "istanbul",
      include: ["src/**/*.ts"],
      // Runs in a browser, by `npm run e2e`, where Istanbul does not see it.
      exclude: [
        "src/web/**",
        "src/client/{editors,react}/**",
        "src/client/offline/{indexed-db-store,guard-unload}.ts",
      ],
      reporter: ["text-summary", "html"],
      thresholds: {
        lines: 90,
        branches: 90,
        "src/ot/**": { lines: 95, branches: 95 },
        "src/protocol/**": { lines: 95, branches: 95 },
        "src/room/**": { lines: 95, branches: 95 },
      },
    },
    projects: [
      // Pure code and tools, in Node.
      {
        test: {
          name: "node",
          include: ["test/{ot,otlp,time-travel,client,scripts,conformance,simulator}/**/*.test.ts"],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          expect: patience,
        },
      },
      // Everything that needs D1, Durable Objects or sockets, in workerd.
      {
        plugins: [
          cloudflareTest(async () => ({
            wrangler: { configPath: "./wrangler.toml" },
            miniflare: {
              bindings: { TEST_MIGRATIONS: await readD1Migrations("./migrations"), ...testSecrets },
              serviceBindings: {
                EMAIL: { name: "mailbox", entrypoint: "Mailbox" },
                SPANS: { name: "spans", entrypoint: "Spans" },
              },
              email: { send_email: [] },
              streamingTails: ["spans"],
              workers: [mailbox, spans],
            },
          })),
        ],
        test: {
          name: "workerd",
          include: [
            "test/{protocol,room,platform,auth,workspaces,documents,events,webhooks,idempotency,monitoring,seed}/**/*.test.ts",
          ],
          globalSetup: ["./test/support/servers-in-node.ts"],
          setupFiles: ["./test/support/migrate.ts", "./test/support/watch-log.ts"],
          // One workerd for all files: starting one for each took as long as the tests. So no test may count on an
          // empty database, nor on names that another file may use.
          isolate: false,
          // Workerd sees no environment variables.
          provide: {
            generatedRequests: {
              requests: Number(process.env.REQUESTS ?? 800),
              seed: Number(process.env.SEED ?? Date.now() % 2 ** 31),
            },
          },
          // The longest take 4 s where nothing else runs.
          testTimeout: 120_000,
          hookTimeout: 60_000,
          expect: patience,
        },
      },
      // The service as a process of its own: started, killed, restarted.
      {
        test: {
          name: "system",
          include: ["test/system/**/*.test.ts"],
          // The longest take 40 s where nothing else runs, and a service 8 s to start.
          testTimeout: 400_000,
          hookTimeout: 200_000,
          expect: patience,
        },
      },
    ],
  },
});
