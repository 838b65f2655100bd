import type { Webhook } from "../../client/index.ts";

/** Whether a webhook is sent anything, in a word. */
export function WebhookState({ webhook: { enabled, failing_since } }: { webhook: Webhook }) {
  if (!enabled) return <span className="badge">Off</span>;
  if (failing_since) return <span className="badge badge-warn">Failing</span>;
  return <span className="badge badge-good">On</span>;
}
