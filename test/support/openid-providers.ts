// Global setup of the tests in workerd, which cannot listen: two OpenID providers in Node, a real one and a hostile one.
import type { TestProject } from "vitest/node";
import { type LocalProvider, startLocalProvider } from "../../scripts/local-oidc.ts";
import { startHostileProvider } from "./hostile-provider.ts";

declare module "vitest" {
  interface ProvidedContext {
    openidProvider: LocalProvider["settings"];
    hostileIssuer: string;
  }
}

export default async function setup({ provide }: TestProject) {
  const [real, hostile] = await Promise.all([startLocalProvider(), startHostileProvider()]);
  provide("openidProvider", real.settings);
  provide("hostileIssuer", hostile.issuer);
  return async () => {
    hostile.stop();
    await real.stop();
  };
}
