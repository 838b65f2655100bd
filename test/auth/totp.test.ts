import { Secret } from "otpauth";
import { describe, expect, it } from "vitest";
import { newRecoveryCode, recoveryCodeHash } from "../../src/auth/recovery-codes.ts";
import { seal, unseal } from "../../src/auth/sealed-text.ts";
import { newTotpSecret, stepOf, totpUri } from "../../src/auth/totp.ts";

describe("codes of an authenticator", () => {
  const secret = Secret.fromUTF8("12345678901234567890").base32;

  it.each([
    // RFC 6238 appendix B: the last six of its eight digits.
    [59, "287082"],
    [1_111_111_109, "081804"],
    [1_111_111_111, "050471"],
    [1_234_567_890, "005924"],
    [2_000_000_000, "279037"],
    [20_000_000_000, "353130"],
  ])("are those of RFC 6238 at %i s", (seconds, code) => {
    const step = Math.floor(seconds / 30);
    expect(stepOf(secret, code, seconds * 1000)).toBe(step);
  });

  it("work one step early or late, and say which step they are of", () => {
    const at = 1_111_111_110_000;
    const step = at / 30_000;
    expect(stepOf(secret, "050471", at - 30_000)).toBe(step);
    expect(stepOf(secret, "050471", at + 59_999)).toBe(step);
    expect(stepOf(secret, "050471", at - 30_001)).toBeUndefined();
    expect(stepOf(secret, "050471", at + 60_000)).toBeUndefined();
    for (const bad of ["", "50471", "0050471", "05047x", "٠٥٠٤٧١"]) {
      expect(stepOf(secret, bad, at)).toBeUndefined();
    }
  });

  it("come of a secret of 160 bits, a new one each time, that a QR code carries", () => {
    const made = newTotpSecret();
    expect(made).toMatch(/^[A-Z2-7]{32}$/);
    expect(newTotpSecret()).not.toBe(made);
    const uri = new URL(totpUri(made, "ada+x@example.com"));
    const [place = ""] = uri.href.split("?");
    expect(decodeURIComponent(place)).toBe("otpauth://totp/Materi:ada+x@example.com");
    expect(Object.fromEntries(uri.searchParams)).toEqual({
      issuer: "Materi",
      secret: made,
      algorithm: "SHA1",
      digits: "6",
      period: "30",
    });
  });
});

describe("recovery codes", () => {
  it("have 120 bits, and are read however they were copied", async () => {
    const codes = Array.from({ length: 200 }, newRecoveryCode);
    expect(new Set(codes).size).toBe(200);
    for (const code of codes) expect(code).toMatch(/^([0-9A-HJKMNP-TV-Z]{4}-){5}[0-9A-HJKMNP-TV-Z]{4}$/);
    // Every character turns up: none is left out of the chance.
    expect(new Set(codes.join("").replaceAll("-", "")).size).toBe(32);
    const typed = " 0o1i-l234 5678 9abc-defg hjkm ";
    expect(await recoveryCodeHash(typed)).toBe(await recoveryCodeHash("0011-1234-5678-9ABC-DEFG-HJKM"));
    for (const bad of ["", "123456", "U".repeat(24), "0".repeat(23), "0".repeat(25)]) {
      expect(await recoveryCodeHash(bad)).toBeUndefined();
    }
  });
});

describe("a sealed text", () => {
  const [old, young] = ["o".repeat(32), "y".repeat(32)];

  it("is read with the secret that sealed it, wherever that stands, and says by its id which one it takes", async () => {
    const sealed = await seal([old], "hidden", "a");
    expect(JSON.stringify(sealed)).not.toMatch(/hidden|ooo/);
    expect(await unseal([young, old], sealed, "a")).toBe("hidden");
    expect((await seal([young, old], "hidden", "a")).keyId).not.toBe(sealed.keyId);
    await expect(unseal([young], sealed, "a")).rejects.toThrow(/ENCRYPTION_SECRET/);
    expect((await seal([old], "hidden", "a")).sealed).not.toBe(sealed.sealed);
  });

  it("cannot be read at another place, nor changed", async () => {
    const sealed = await seal([old], "hidden", "a");
    await expect(unseal([old], sealed, "b")).rejects.toThrow();
    const bytes = Buffer.from(sealed.sealed, "base64url");
    for (const at of [0, 12, bytes.length - 1]) {
      const changed = Buffer.from(bytes);
      changed[at]! ^= 1;
      const forged = { ...sealed, sealed: changed.toString("base64url") };
      await expect(unseal([old], forged, "a")).rejects.toThrow();
    }
  });
});
