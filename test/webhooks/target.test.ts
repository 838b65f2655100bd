import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, inject, it } from "vitest";
import { makeAttempt } from "../../src/webhooks/attempt.ts";
import { resolveBy } from "../../src/webhooks/resolve.ts";
import { isPublic, sendFault, targetFault } from "../../src/webhooks/target.ts";
import { api, expectProblem, newAccount } from "../support/api.ts";
import type { Zone } from "../support/webhook-receiver.ts";

const strict = { loopback: false };

/** What nothing may be sent to, in the ways in which it is written to get past a check. */
const forbidden = [
  "http://hooks.example.com/",
  "ftp://hooks.example.com/",
  "file:///etc/passwd",
  "https://user:secret@hooks.example.com/",
  "https://hooks.example.com@127.0.0.1/",
  "https://hooks.example.com:22/",
  "https://hooks.example.com:8080/",
  "https://127.0.0.1/",
  "https://127.1/",
  "https://0x7f.0.0.1/",
  "https://0177.0.0.1/",
  "https://2130706433/",
  "https://127.0.0.1./",
  "https://１２７.0.0.1/",
  "https://127。0。0。1/",
  "https://8.8.8.8/",
  "https://0.0.0.0/",
  "https://10.0.0.1/",
  "https://169.254.169.254/latest/meta-data/",
  "https://[::1]/",
  "https://[::]/",
  "https://[::ffff:127.0.0.1]/",
  "https://[::ffff:7f00:1]/",
  "https://[fd00::1]/",
  "https://[fe80::1]/",
  "https://[2606:4700::1111]/",
  "https://localhost/",
  "https://LOCALHOST/",
  "https://localhost./",
  "https://api.localhost/",
  "https://printer.local/",
  "https://metadata.google.internal/",
  "https://router.home.arpa/",
  "https://intranet/",
  "https://x.onion/",
  "https://1.0.0.127.in-addr.arpa/",
];

describe("EV-2: a webhook's target", () => {
  it.each(forbidden)("is not %s", (url) => {
    expect(targetFault(new URL(url), strict)).toMatch(/^url must/);
  });

  it.each([
    "https://hooks.acme.com/",
    "https://hooks.acme.com:443/x?y=1",
    "https://hooks.acme.com:8443/",
    "https://bücher.de/",
  ])("is %s", (url) => {
    expect(targetFault(new URL(url), strict)).toBeUndefined();
  });

  it("is this machine where that is set, and no other", () => {
    for (const url of ["http://127.0.0.1:3000/", "http://localhost:3000/", "https://[::1]:3000/"]) {
      expect(targetFault(new URL(url), { loopback: true }), url).toBeUndefined();
    }
    for (const url of ["http://10.0.0.1/", "http://hooks.acme.com/", "ftp://127.0.0.1/"]) {
      expect(targetFault(new URL(url), { loopback: true }), url).toBeDefined();
    }
  });

  it("is looked up at the moment of sending: none of its addresses may be of another than the public network", async () => {
    const faultOf = (...addresses: string[]) =>
      sendFault(new URL("https://hooks.acme.com/"), { ...strict, resolve: async () => addresses });
    expect(await faultOf("93.184.216.34", "2606:4700::1111")).toBeUndefined();
    expect(await faultOf()).toBe("no_such_host");
    const unknown = { ...strict, resolve: () => Promise.reject(new Error("DNS answered 2")) };
    expect(await sendFault(new URL("https://hooks.acme.com/"), unknown)).toBe("unresolved");
    expect(await faultOf("93.184.216.34", "10.0.0.1")).toBe("forbidden_target");
    for (const address of [
      "0.0.0.0",
      "10.1.2.3",
      "100.64.0.1",
      "127.0.0.1",
      "169.254.169.254",
      "172.16.0.1",
      "192.168.1.1",
      "198.18.0.1",
      "224.0.0.1",
      "255.255.255.255",
      "::",
      "::1",
      "::ffff:10.0.0.1",
      "64:ff9b::7f00:1",
      "2002:7f00:1::",
      "2001::1",
      "fc00::1",
      "fe80::1",
      "ff02::1",
      "not an address",
    ]) {
      expect(isPublic(address), address).toBe(false);
      expect(await faultOf(address), address).toBe("forbidden_target");
    }
  });
});

describe("a resolver over HTTPS", () => {
  const base = inject("webhookReceiver");
  const resolver = `${base}/dns-query`;
  const say = async (zone: Zone) => {
    const name = `hooks-${crypto.randomUUID()}.acme.com`;
    await (await fetch(`${base}/zone/${name}`, { method: "PUT", body: JSON.stringify(zone) })).text();
    return name;
  };

  it("tells the addresses of both families, behind aliases, too; none of a name that there is not", async () => {
    const both = { A: ["93.184.216.34", "93.184.216.35"], AAAA: ["2606:4700::1111"] };
    const resolve = resolveBy(resolver);
    expect(await resolve(await say(both))).toEqual([...both.A, ...both.AAAA]);
    expect(await resolve(await say({ A: both.A }))).toEqual(both.A);
    expect(await resolve(await say({}))).toEqual([]);
    expect(await resolve("there-is-no-such-host.acme.com")).toEqual([]);
  });

  it("that does not know, of one family or of both, or is not there, is not taken at less", async () => {
    const refused = 5;
    const failed = 2;
    const names = [await say({ A: ["93.184.216.34"], AAAA: failed }), await say({ A: refused })];
    for (const name of names) await expect(resolveBy(resolver)(name)).rejects.toThrow("DNS answered");
    for (const away of ["http://127.0.0.1:9/dns-query", `${base}/hook/no-resolver`]) {
      await expect(resolveBy(away)("hooks.acme.com")).rejects.toThrow();
    }
  });

  it("is asked before each attempt: what leads into a private network is sent nothing", async () => {
    const { access_token: token } = await newAccount();
    const workspace = await api("POST", "/workspaces", { token, json: { name: "Team" } });
    const outcomeOf = async (zone: Zone | string) => {
      const host = typeof zone === "string" ? zone : await say(zone);
      const path = `/workspaces/${workspace.body.id}/webhooks`;
      const made = await api("POST", path, { token, json: { url: `https://${host}/`, events: [] } });
      const ping = await api("POST", `${path}/${made.body.id}/ping`, { token });
      const { id } = ping.body;
      // As if the queue had not been there first.
      await env.DB.prepare("UPDATE webhook_deliveries SET attempts = 100, status = 'pending' WHERE id = ?")
        .bind(id)
        .run();
      const here = { ...env, DNS_OVER_HTTPS: resolver } as Env;
      await makeAttempt(here, { deliveryId: id, attempt: 100 }, { now: Date.now() + 60_000 });
      const read = await api("GET", `${path}/${made.body.id}/deliveries/${id}`, { token });
      return read.body.failure;
    };
    expect(await outcomeOf({ A: ["10.0.0.1"] })).toBe("forbidden_target");
    expect(await outcomeOf({ A: ["93.184.216.34"], AAAA: ["::ffff:127.0.0.1"] })).toBe("forbidden_target");
    expect(await outcomeOf({ A: ["93.184.216.34"], AAAA: 2 })).toBe("unresolved");
    expect(await outcomeOf("there-is-no-such-host.acme.com")).toBe("no_such_host");
  });
});

describe("over REST", () => {
  let token: string;
  let path: string;

  beforeAll(async () => {
    token = (await newAccount()).access_token;
    const { body } = await api("POST", "/workspaces", { token, json: { name: "Team" } });
    path = `/workspaces/${body.id}/webhooks`;
  });

  it("a target that is forbidden is refused when it is named, and when it is changed", async () => {
    const made = await api("POST", path, { token, json: { url: "https://hooks.acme.com/" } });
    for (const url of [
      "https://169.254.169.254/",
      "https://metadata.google.internal/",
      "nothing",
      "//x.com",
    ]) {
      for (const [method, where] of [
        ["POST", path],
        ["PATCH", `${path}/${made.body.id}`],
      ] as const) {
        const answer = await api(method, where, { token, json: { url } });
        expectProblem(answer, "validation_failed");
        expect(answer.body.errors[0].path).toEqual(["url"]);
      }
    }
    expect((await api("GET", `${path}/${made.body.id}`, { token })).body.url).toBe("https://hooks.acme.com/");
  });
});
