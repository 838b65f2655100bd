import { env } from "cloudflare:workers";
import { signingKeysOf } from "./auth/signing-keys.ts";
import { database, prepareQueries } from "./db/database.ts";
import { settingsOf } from "./env.ts";

/**
 * What the first request of an isolate would wait for, done while the isolate starts: the settings are read, the keys of
 * tokens imported, and the queries of every request put together. Asks nobody, as nothing may before the first request.
 */
export async function warmUp(): Promise<void> {
  try {
    prepareQueries(database(env.DB));
    await signingKeysOf(settingsOf(env).signingKeys);
  } catch {
    // Every request fails in the same way, and is told why.
  }
}
