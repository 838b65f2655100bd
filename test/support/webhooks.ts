import { Webhook } from "standardwebhooks";
import { expect, inject, vi } from "vitest";
import { api } from "./api.ts";
import type { Received, Script } from "./webhook-receiver.ts";

/** A place at the receiver that no other test knows. */
export function newTarget() {
  const base = inject("webhookReceiver");
  const key = crypto.randomUUID();
  return {
    url: `${base}/hook/${key}`,
    async script(script: Script): Promise<void> {
      await (await fetch(`${base}/script/${key}`, { method: "PUT", body: JSON.stringify(script) })).text();
    },
    async received(of = key): Promise<Received[]> {
      return (await fetch(`${base}/received/${of}`)).json();
    },
  };
}

export type Target = ReturnType<typeof newTarget>;

/** Waits until so many messages have arrived, and tells of all that have. */
export function arrived(target: Target, count = 1): Promise<Received[]> {
  return vi.waitFor(
    async () => {
      const received = await target.received();
      expect(received.length).toBeGreaterThanOrEqual(count);
      return received;
    },
    { timeout: 60_000, interval: 100 },
  );
}

/** Verifies a message by the library that its receivers use, and gives what it says. */
export const verified = (secret: string, { body, headers }: Received) =>
  new Webhook(secret).verify(body, headers) as {
    type: string;
    timestamp: string;
    data: Record<string, string | number | null>;
  };

/** A workspace of this person with a webhook that leads to the target. */
export async function workspaceWithWebhook(token: string, target: Target, more: object = {}) {
  const workspace = await api("POST", "/workspaces", { token, json: { name: "Team" } });
  const path = `/workspaces/${workspace.body.id}/webhooks`;
  const made = await api("POST", path, { token, json: { url: target.url, ...more } });
  expect(made.status, made.text).toBe(201);
  return {
    workspaceId: workspace.body.id as string,
    path: `${path}/${made.body.id}`,
    id: made.body.id as string,
    secret: made.body.secret as string,
  };
}
