import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { copyOfCheckout, freePort, npmStart, running, stopped } from "../support/npm-start.ts";

declare module "vitest" {
  interface ProvidedContext {
    service: { url: string; checkout: string; adminToken: string };
  }
}

/** The service as `npm start -- --with-oidc` has it, with data of its own, for all tests of a run. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const checkout = copyOfCheckout();
  const port = await freePort();
  const service = npmStart(checkout, port, "--with-oidc");
  await running(service);
  const secrets = readFileSync(join(checkout, ".dev.vars"), "utf8");
  const adminToken = /^ADMIN_TOKEN='(.+)'$/m.exec(secrets)?.[1] ?? "";
  project.provide("service", { url: `http://127.0.0.1:${port}`, checkout, adminToken });
  return async () => {
    await stopped(service);
    rmSync(checkout, { recursive: true });
  };
}
