import { listDurableObjectIds } from "cloudflare:test";
import { env } from "cloudflare:workers";

/** The rooms that have come into being since; of those before, some may be gone. */
export async function roomsBesides(before: DurableObjectId[]): Promise<string[]> {
  const known = new Set(before.map(String));
  return (await listDurableObjectIds(env.ROOMS)).map(String).filter((id) => !known.has(id));
}
