import { Secret, TOTP } from "otpauth";

/** Seconds of a time step (RFC 6238 §5.2). Digits and hash are the library's defaults, as authenticators know no others. */
const stepSeconds = 30;

/** Steps by which a clock may be wrong, in either direction: a code works for 90 s at most. */
const skewSteps = 1;

/** A new secret of 160 bits (RFC 4226 §4), base32. */
export function newTotpSecret(): string {
  return new Secret({ size: 20 }).base32;
}

/** What an authenticator reads from a QR code. */
export function totpUri(secret: string, email: string): string {
  return totpOf(secret, email).toString();
}

/** The time step whose code this is; undefined: of none that is near. `now` is in milliseconds. */
export function stepOf(secret: string, code: string, now: number): number | undefined {
  const delta = totpOf(secret, "").validate({ token: code, timestamp: now, window: skewSteps });
  return delta === null ? undefined : Math.floor(now / 1000 / stepSeconds) + delta;
}

function totpOf(secret: string, label: string): TOTP {
  return new TOTP({ issuer: "Materi", label, period: stepSeconds, secret: Secret.fromBase32(secret) });
}
