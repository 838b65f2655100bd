// Global setup of the tests in workerd, which cannot listen: servers in Node. Two OpenID providers, a real one and a hostile
// one, where webhooks lead to, and a collection of breached passwords.
import type { TestProject } from "vitest/node";
import { type LocalProvider, startLocalProvider } from "../../scripts/local-oidc.ts";
import { startBreachedPasswords } from "./breached-passwords.ts";
import { startHostileProvider } from "./hostile-provider.ts";
import { startWebhookReceiver } from "./webhook-receiver.ts";

declare module "vitest" {
  interface ProvidedContext {
    openidProvider: LocalProvider["settings"];
    hostileIssuer: string;
    webhookReceiver: string;
    breachedPasswords: string;
  }
}

export default async function setup({ provide }: TestProject) {
  const [real, hostile, receiver, breached] = await Promise.all([
    startLocalProvider(),
    startHostileProvider(),
    startWebhookReceiver(),
    startBreachedPasswords(),
  ]);
  provide("openidProvider", real.settings);
  provide("hostileIssuer", hostile.issuer);
  provide("webhookReceiver", receiver.url);
  provide("breachedPasswords", breached.url);
  return async () => {
    breached.stop();
    receiver.stop();
    hostile.stop();
    await real.stop();
  };
}
