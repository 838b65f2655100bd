import { waitUntil } from "cloudflare:workers";
import { settingsOf } from "../env.ts";
import { errorFields, log } from "./log.ts";

/** A message to one person. Plain text: nothing in it loads, tracks, or leads elsewhere than it says. */
export interface Mail {
  to: string;
  subject: string;
  text: string;
}

/**
 * Hands a message to Cloudflare's mail service; what becomes of it later, nobody hears. Throws where the service refuses
 * it or is not there.
 */
export async function sendMail(env: Env, mail: Mail): Promise<void> {
  await env.EMAIL.send({ from: { name: "Materi", email: settingsOf(env).mailFrom }, ...mail });
}

/**
 * Does what ends in a message after the answer has gone out, so that nobody learns from its duration, nor from its
 * failure, whether there was somebody to write to. What fails is in the log, and the person asks again.
 */
export function mailInBackground(requestId: string, work: () => Promise<unknown>): void {
  const logged = async () => {
    try {
      await work();
    } catch (error) {
      log("error", "mail_failed", { request_id: requestId, ...errorFields(error) });
    }
  };
  waitUntil(logged());
}
