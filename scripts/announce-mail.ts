import { globSync } from "node:fs";

/** Where the local stand-in of Cloudflare's mail service puts what would be sent (under `.wrangler/tmp`). */
const messages = ".wrangler/tmp/email/*/email-text/*.txt";

/** Names on the console each message that the service sends from now on, within a second. */
export function announceMail(): void {
  const known = new Set(globSync(messages));
  setInterval(() => {
    for (const file of globSync(messages)) {
      if (known.has(file)) continue;
      known.add(file);
      console.log(`E-mail: ${file}`);
    }
  }, 500).unref();
}
