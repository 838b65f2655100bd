/**
 * Takes the place of Cloudflare's mail service in tests that run inside workerd: there the local one writes files, which
 * a test in there cannot read (test/system sends through it). Keeps what was sent, by address.
 */
export const mailbox = {
  name: "mailbox",
  modules: true as const,
  compatibilityDate: "2026-11-01",
  script: `
    import { WorkerEntrypoint } from "cloudflare:workers";
    const sent = new Map();
    export class Mailbox extends WorkerEntrypoint {
      send(message) {
        sent.set(message.to, [...(sent.get(message.to) ?? []), message]);
        return { messageId: crypto.randomUUID() };
      }
      sentTo(address) {
        return sent.get(address) ?? [];
      }
    }
    export default {};`,
};
