import { describe, expect, it } from "vitest";
import { described } from "../../src/app.ts";
import { isSecretName, Redactor } from "../../src/platform/redaction.ts";
import { secretsIn } from "../support/log-secrets.ts";

const uuid = "7f0b5f3c-1fd5-4d2d-9d5b-3d7d5bb1f111";
const random = "k3J9_xQ2vL8-pR5tY7uW1zA4bC6dE0fGhIjKlMnOpQr";
const jwt = "eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJ1In0.c2lnbmF0dXJlLW9mLWl0";
const word = "hunter2 is my word";

/** Members that look secret by their names and are not, each with the reason. */
const harmless: Record<string, string> = {
  second_factor: "whether there is one, or which are asked for",
};

/** The names of all members in a schema of the description. */
function* membersOf(schema: unknown): Iterable<string> {
  if (typeof schema !== "object" || schema === null) return;
  for (const [key, value] of Object.entries(schema)) {
    if (key === "properties") yield* Object.keys(value);
    if (key === "name" && "in" in schema) yield String(value);
    yield* membersOf(value);
  }
}

describe("the list of what is secret", () => {
  it("has every member and parameter of the API that looks like it", () => {
    const looksSecret =
      /pass|secret|token|otp|challenge|credential|private|cookie|signature|verifier|nonce|(^|_)(key|codes?|factor)($|_)/i;
    const names = new Set(membersOf(JSON.parse(described())));
    expect([...names]).toEqual(
      expect.arrayContaining(["password", "refresh_token", "recovery_codes", "secret"]),
    );
    const forgotten = [...names].filter((name) => looksSecret.test(name) && !isSecretName(name));
    expect(forgotten.sort()).toEqual(Object.keys(harmless).sort());
  });

  it.each([
    "authorization",
    "Cookie",
    "set-cookie",
    "x-refresh-token",
    "X-Materi-Debug",
    "idempotency-key",
    "newPassword",
    "GOOGLE_CLIENT_SECRET",
    "webhook-signature",
    "__Host-refresh_token",
    "x-materi-grant",
  ])("has %s", (name) => expect(isSecretName(name)).toBe(true));

  it.each(["title", "content", "user_id", "error", "version", "position", "op", "document_id", "role"])(
    "has not %s",
    (name) => expect(isSecretName(name)).toBe(false),
  );
});

describe("what debugging shows", () => {
  it("is all of a harmless body", () => {
    const body = `{"title":"Minutes","content":"Hello, ${uuid}","n":[1,true,null,{"role":"editor"}]}`;
    expect(new Redactor().json(body)).toBe(body);
    expect(new Redactor().form("q=two+words&limit=3")).toBe("q=two words&limit=3");
  });

  it("is not what has a secret's name, at any depth, of whatever type; but what is wrong is said", () => {
    const text = `{"a":[{"deep":{"new_password":"${word}"}}],"code":123456,"recovery_codes":["a b c","d"],"secret":{"x":"y"}}`;
    expect(new Redactor().json(text)).toBe(
      '{"a":[{"deep":{"new_password":"[redacted]"}}],"code":"[redacted]","recovery_codes":"[redacted]","secret":"[redacted]"}',
    );
    const errors = '{"error":"validation_failed","errors":[{"path":["title"],"code":"too_small"}]}';
    expect(new Redactor().json(errors)).toBe(errors);
  });

  it("is not what has a secret's form, wherever it stands", () => {
    const forms = [
      jwt,
      `mr1.${uuid}.3.${random}`,
      `mat_${random}`,
      `guest_${random}`,
      `whsec_${btoa(random)}`,
      random,
      `Bearer ${random.slice(0, 12)}`,
      "otpauth://totp/Materi:a?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP",
      "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP",
      "ABCD-EFGH-JKMN-PQRS-TVWX-0123",
      "ada@example.com",
      "$scrypt$ln=14,r=8,p=5$c2FsdA$aGFzaA",
      "-----BEGIN PRIVATE KEY-----\nMC4CAQAw",
    ];
    for (const form of forms) {
      const shown = new Redactor().json(JSON.stringify({ content: `see ${form} there` }));
      expect(secretsIn(shown), form).toEqual([]);
      expect(shown, form).not.toContain(form.slice(0, 24));
    }
  });

  it("is of broken JSON what stands before the first name of a secret; of escaped ones nothing", () => {
    const text = (value: string) => new Redactor().json(value);
    expect(text(`{"title":"a","password":"${word}`)).toBe('{"title":"a","[withheld: it may hold a secret]');
    expect(text(`{title: 'a', 'password' : '${word}'`)).not.toContain("hunter2");
    expect(text(`{"pass\\u0077ord":"${word}`)).toBe("[withheld: it may hold a secret]");
    expect(text(`{"x":"password%3D${word.replaceAll(" ", "%20")}"}`)).not.toContain("hunter2");
    expect(text(`{"x":"password%253Dhunter2"}`)).not.toContain("hunter2");
    expect(text(JSON.stringify({ data: JSON.stringify({ password: word }) }))).not.toContain("hunter2");
    expect(
      text(JSON.stringify({ data: JSON.stringify({ d: JSON.stringify({ password: word }) }) })),
    ).not.toContain("hunter2");
    expect(text("[".repeat(5_000) + "]".repeat(5_000))).toContain("[deeper]");
  });

  it("is of a long body the beginning, without what a cut has left of a token", () => {
    expect(new Redactor().json(`{"content":"one two ${random.slice(0, 20)}`, { isCut: true })).toBe(
      '{"content":"one two …',
    );
    expect(new Redactor().text(`q=1&password=${word}`, { isCut: true })).not.toContain("hunter2");
  });

  it("is not what was secret elsewhere: the service's own, and what stood under a secret's name", () => {
    const redactor = new Redactor(["operators-own"]);
    const title = redactor.json(`{"title":"operators-own and ${word}"}`);
    expect(title).toBe(`{"title":"[redacted] and ${word}"}`);
    redactor.form(`token=${encodeURIComponent(word)}`);
    expect(redactor.again(title)).toBe('{"title":"[redacted] and [redacted]"}');
    expect(redactor.text(`/x/${encodeURIComponent(word)}`)).toBe("/x/[redacted]");
  });

  it("is of headers no token, cookie or address of the network; the subprotocols are shown without theirs", () => {
    const shown = new Redactor().headers(
      new Headers({
        authorization: `Bearer ${jwt}`,
        cookie: "refresh=abcdefgh",
        "sec-websocket-protocol": "materi.v1, bearer.short-token",
        "cf-connecting-ip": "192.0.2.7",
        "x-note": "abcdefgh",
        traceparent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
      }),
    );
    expect(shown.split("\n").sort()).toEqual([
      "authorization: [redacted]",
      "cf-connecting-ip: [address]",
      "cookie: [redacted]",
      "sec-websocket-protocol: materi.v1, bearer.[redacted]",
      "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
      "x-note: [redacted]",
    ]);
  });

  it("takes a moment, whatever the text is", () => {
    const units = 16_384;
    for (const part of [
      "a",
      "a@",
      "token",
      "%41",
      "\\u0041",
      "[",
      '{"a":',
      "AAAA-",
      "eyJ",
      "bearer ",
      "code",
      "\\",
    ]) {
      const text = part.repeat(units / part.length);
      const tries = Array.from({ length: 5 }, () => {
        const startedAt = performance.now();
        new Redactor().json(text);
        new Redactor().text(text, { isCut: true });
        return performance.now() - startedAt;
      });
      // The others met what else the machine was doing.
      expect(Math.min(...tries), part).toBeLessThan(1_000);
    }
  });
});
