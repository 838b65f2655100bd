import { rmSync } from "node:fs";
import type { TestProject } from "vitest/node";
import { copyOfCheckout, freePort, npmStart, running, stopped } from "../support/npm-start.ts";

declare module "vitest" {
  interface ProvidedContext {
    service: { url: string; checkout: string };
  }
}

/** The service as `npm start -- --with-oidc` has it, with data of its own, for all tests of a run. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const checkout = copyOfCheckout();
  const port = await freePort();
  const service = npmStart(checkout, port, "--with-oidc");
  await running(service);
  project.provide("service", { url: `http://127.0.0.1:${port}`, checkout });
  return async () => {
    await stopped(service);
    rmSync(checkout, { recursive: true });
  };
}
