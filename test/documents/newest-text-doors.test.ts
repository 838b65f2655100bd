import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { newestText } from "../../src/documents/newest-text.ts";
// The same module once more: the texts that another isolate has at hand.
import { newestText as newestTextElsewhere } from "../../src/documents/newest-text.ts?elsewhere";
import { api, newAccount } from "../support/api.ts";
import { Random } from "../support/ot-random.ts";
import { openSocket } from "../support/socket.ts";

describe("stale text", () => {
  it("CA-1: cannot be read after a write by any door, over REST or in another isolate", async () => {
    expect(newestTextElsewhere).not.toBe(newestText);
    const seed = Date.now() % 2 ** 31;
    const random = new Random(seed);
    const { access_token: token } = await newAccount();
    const made = await api("POST", "/documents", { token, json: { title: "T", content: "start" } });
    const path = `/documents/${made.body.id}`;
    const room = () => env.ROOMS.getByName(made.body.id);
    const socket = await openSocket(made.body.id, token);
    await socket.ask({ type: "hello", client_id: "by-socket" });
    let version = 1;
    let seq = 0;
    let submitted = 0;
    const newest = async () => (await api("GET", `${path}/content`, { token })).text;
    const doors: Record<string, () => Promise<unknown>> = {
      // What others write comes to the socket, too: what comes next need not be the answer.
      socket: () => socket.submitted({ seq: ++seq, base: version, op: ["s"] }),
      operations: () =>
        api("POST", `${path}/operations`, {
          token,
          json: { client_id: "by-rest", seq: ++submitted, base: version, op: ["o"] },
        }),
      content: async () =>
        api("PUT", `${path}/content`, {
          token,
          body: `${await newest()}c`,
          headers: { "content-type": "text/plain", "if-match": `"v${version}"` },
        }),
      edits: async () =>
        api("PATCH", `${path}/content`, {
          token,
          json: { base_version: version, edits: [{ type: "append", text: "e" }] },
        }),
      restore: () => api("POST", `${path}/restorations`, { token, json: { version: 1 } }),
    };
    const used = new Set<string>();
    const each = Object.keys(doors);
    for (let step = 0; step < 40; step++) {
      // Each once, and then by chance, which of forty may leave one out.
      const door = each[step] ?? random.pick(each);
      const about = `seed ${seed}, step ${step}, by ${door}`;
      await doors[door]!();
      const truth = await room().read();
      if (!truth.ok) throw new Error("the room does not answer");
      if (truth.version > version) used.add(door);
      version = truth.version;
      const [here, there, rest] = await Promise.all([
        newestText(room(), made.body.id),
        newestTextElsewhere(room(), made.body.id),
        api("GET", path, { token }),
      ]);
      for (const read of [here, there, rest.body]) {
        expect({ version: read.version, content: read.content }, about).toEqual({
          version: truth.version,
          content: truth.content,
        });
      }
    }
    expect([...used].toSorted(), `seed ${seed}`).toEqual(Object.keys(doors).toSorted());
  });
});
