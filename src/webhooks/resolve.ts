import { z } from "zod";
import type { Resolve } from "./target.ts";

const families = [
  { name: "A", type: 1 },
  { name: "AAAA", type: 28 },
];

/** What is read of an answer; `Status` is DNS's response code (RFC 1035 §4.1.1). */
const dnsAnswer = z.object({
  Status: z.int(),
  Answer: z.array(z.object({ type: z.int(), data: z.string() })).default([]),
});

const noError = 0;
const noSuchName = 3;

/** Milliseconds for a look-up: resolvers answer within one, or ask others. */
const patience = 5_000;

/**
 * Asks a resolver over HTTPS, in the JSON that Cloudflare's and Google's speak, for the addresses of both families. Throws
 * where it does not know: a family that cannot be looked up may be the one that is fetched from. (`node:dns` asks the same
 * resolver here, and takes what it does not know for what is not there.)
 */
export const resolveBy =
  (resolver: string): Resolve =>
  async (hostname) => {
    const found = await Promise.all(
      families.map(async ({ name, type }) => {
        const url = new URL(resolver);
        url.searchParams.set("name", hostname);
        url.searchParams.set("type", name);
        const response = await fetch(url, {
          headers: { accept: "application/dns-json" },
          signal: AbortSignal.timeout(patience),
        });
        const { Status, Answer } = dnsAnswer.parse(await response.json());
        if (Status !== noError && Status !== noSuchName) throw new Error(`DNS answered ${Status}`);
        // The aliases on the way are answered, too.
        return Answer.filter((record) => record.type === type).map(({ data }) => data);
      }),
    );
    return found.flat();
  };
