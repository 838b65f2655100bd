/** A private JWK (RFC 7517) as it stands in SIGNING_KEYS. */
export interface NamedKey {
  kid: string;
  [member: string]: unknown;
}

/** The value of SIGNING_KEYS: the first key signs, all of them verify. */
export interface KeySet {
  keys: NamedKey[];
  /** The last step of a rotation; the service does not read it. `at` is in milliseconds since the epoch. */
  rotation?: { step: Step; at: number };
}

export type Step = "added" | "promoted" | "retired";

/**
 * Milliseconds between two steps: the ten minutes that an access token lives (so the retired key's last one has ended), or
 * the five that others keep the JWKS for (so all know a key that begins to sign), and some for a deployment to be everywhere.
 */
export const stepMs = 15 * 60_000;

/**
 * Law AU-9, the next step of a rotation: a new key is added and verifies; it is promoted and signs; the old one is retired.
 * At no moment is a token in use that a deployment before or after this step would refuse. Answers when to come back if it
 * is too early.
 */
export function nextStep(
  { keys, rotation }: KeySet,
  fresh: NamedKey,
  now: number,
): { set: KeySet; step: Step } | { notBefore: number } {
  const [signing, ...others] = keys;
  if (!signing) return { set: { keys: [fresh] }, step: "added" };
  if (rotation && rotation.step !== "retired" && now < rotation.at + stepMs) {
    return { notBefore: rotation.at + stepMs };
  }
  const [added] = others;
  const next: { step: Step; keys: NamedKey[] } = !added
    ? { step: "added", keys: [signing, fresh] }
    : rotation?.step === "added"
      ? { step: "promoted", keys: [added, signing] }
      : { step: "retired", keys: [signing] };
  return { set: { keys: next.keys, rotation: { step: next.step, at: now } }, step: next.step };
}
