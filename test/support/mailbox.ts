import { env } from "cloudflare:workers";
import { expect, vi } from "vitest";
import type { Mail } from "../../src/platform/mail.ts";

/** What was sent to an address until now, oldest first. */
export function mailTo(address: string): Promise<(Mail & { from: { name: string; email: string } })[]> {
  const mailbox = env.EMAIL as unknown as { sentTo(address: string): ReturnType<typeof mailTo> };
  return mailbox.sentTo(address);
}

/** How long to wait for what goes on behind an answer. */
export const behindTheAnswer = { timeout: 30_000, interval: 20 };

/** The newest message to an address whose subject is this, once it is there: messages go out behind the answer. */
export function newestMail(address: string, subject: string) {
  return vi.waitFor(async () => {
    const found = (await mailTo(address)).findLast((mail) => mail.subject === subject);
    expect(found, `to ${address}: ${subject}`).toBeDefined();
    return found!;
  }, behindTheAnswer);
}

/** The token of the link in a message. */
export function tokenIn({ text }: Mail): string {
  const token = /^ {2}http\S+#token=([\w-]{43})$/m.exec(text)?.[1];
  expect(token, text).toBeDefined();
  return token!;
}
