import { exports } from "cloudflare:workers";
import { afterEach, describe, expect, inject, it, vi } from "vitest";
import { debugLines } from "../support/debug-lines.ts";
import { secretsIn } from "../support/log-secrets.ts";
import { Random } from "../support/ot-random.ts";
import { anyWord, broken, jsonWith, leaked, secretName, secretOfAForm } from "../support/planted-secrets.ts";
import { testSecrets } from "../support/secrets.ts";

const { seed } = inject("generatedRequests");
const runs = 150;

afterEach(() => void vi.restoreAllMocks());

const header = (value: string) => encodeURIComponent(value);

/** A request with secrets wherever one can be put. */
function hostileRequest(random: Random): { request: Request; secrets: string[] } {
  // One for each place: what is known as a secret from one place is hidden in all.
  const [word, inCookie, asked, linked] = [
    anyWord(random),
    anyWord(random),
    anyWord(random),
    anyWord(random),
  ];
  const forms = Array.from({ length: 3 }, () => secretOfAForm(random));
  const [inHeader = "", inQuery = "", inBody = ""] = forms;
  const headers = new Headers({
    "x-materi-debug": testSecrets.ADMIN_TOKEN,
    authorization: random.pick([
      `Bearer ${inHeader}`,
      `bearer  ${header(inCookie)}`,
      `Basic ${btoa(inHeader)}`,
    ]),
    cookie: `theme=dark; ${secretName(random)}=${header(inCookie)}`,
    "sec-websocket-protocol": `materi.v1, bearer.${inHeader}`,
    [random.pick(["x-note", "referer", "user-agent", "x-csrf-token", "x-forwarded-for"])]: inHeader,
    "idempotency-key": inHeader.slice(0, 200),
  });
  const query = new URLSearchParams([
    ["q", inQuery],
    [secretName(random), asked],
    ["next", `https://x.example/?${secretName(random)}=${header(linked)}`],
  ]);
  const json = JSON.stringify(jsonWith(random, word, [inBody]));
  const [type, body] = random.pick<[string, string]>([
    ["application/json", json],
    ["application/json; charset=utf-8", broken(random, json, word)],
    ["application/json", json.padEnd(20_000, " ")],
    ["application/json", `{"content":"${"word ".repeat(3_274 + random.int(4))}${inBody}","x":1}`],
    ["application/x-www-form-urlencoded", `a=b&${secretName(random)}=${header(word)}&c=${header(inBody)}`],
    ["application/x-www-form-urlencoded", `a=b;${secretName(random)}=${header(header(word))}`],
    ["text/plain", `Hello, ${inBody}. My ${secretName(random)}: ${word}`],
    ["", json],
    ["text/html", broken(random, json, word)],
    ["application/octet-stream", json],
  ]);
  if (type) headers.set("content-type", type);
  const path = random.pick([
    "/api/v1/auth/login",
    "/api/v1/auth/register",
    "/api/v1/auth/refresh",
    "/api/v1/auth/second-factor",
    "/api/v1/auth/password/reset",
    "/api/v1/share-links/open",
    `/api/v1/${encodeURIComponent(inQuery)}`,
    `/api/v1/documents/${encodeURIComponent(inQuery)}/content`,
    "/api/v1/auth/oauth/google",
  ]);
  const request = new Request(`https://materi.test${path}?${query}`, { method: "POST", headers, body });
  return { request, secrets: [word, inCookie, asked, linked, ...forms, testSecrets.ADMIN_TOKEN] };
}

describe("debugging shows no secret", () => {
  it(`of header, query, path and body, whole or broken, however deep (seed ${seed})`, async () => {
    const random = new Random(seed);
    const shown = debugLines("debug_request", "debug_answer");
    for (let run = 0; run < runs; run++) {
      const { request, secrets } = hostileRequest(random);
      const copy = await request.clone().text();
      const answer = await exports.default.fetch(request);
      await answer.text();
      const lines = shown.splice(0);
      const text = lines.flatMap((line) => Object.values(line).map(String)).join("\n");
      const what = `run ${run}: ${request.url}\n${copy}\nshown as\n${text}`;
      expect(text, what).toContain("[redacted]");
      expect(leaked(text, secrets), what).toEqual([]);
      expect(
        lines.flatMap((line) => secretsIn(JSON.stringify(line))),
        what,
      ).toEqual([]);
    }
  });
});
