// Global setup of the tests in workerd, which cannot listen: servers in Node. Two OpenID providers, a real one and a hostile
// one, and where webhooks lead to.
import type { TestProject } from "vitest/node";
import { type LocalProvider, startLocalProvider } from "../../scripts/local-oidc.ts";
import { startHostileProvider } from "./hostile-provider.ts";
import { startWebhookReceiver } from "./webhook-receiver.ts";

declare module "vitest" {
  interface ProvidedContext {
    openidProvider: LocalProvider["settings"];
    hostileIssuer: string;
    webhookReceiver: string;
  }
}

export default async function setup({ provide }: TestProject) {
  const [real, hostile, receiver] = await Promise.all([
    startLocalProvider(),
    startHostileProvider(),
    startWebhookReceiver(),
  ]);
  provide("openidProvider", real.settings);
  provide("hostileIssuer", hostile.issuer);
  provide("webhookReceiver", receiver.url);
  return async () => {
    receiver.stop();
    hostile.stop();
    await real.stop();
  };
}
