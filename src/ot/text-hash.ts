/**
 * The hash of a text, by which two holders of it notice that they differ. For code units u₀ … uₙ₋₁ and i = 1, 2:
 *
 *     hᵢ = Σ (uₖ + 1) · Bᵢⁿ⁻¹⁻ᵏ mod Pᵢ        hash = h₁ · 2²⁶ + h₂
 *
 * A polynomial, so that the hash of a whole comes from those of its parts (Rabin and Karp, 1987): hash(ab) takes hash(a),
 * hash(b) and B to the length of b. Primes just below 2²⁶ keep every product within the safe integers. Two different
 * texts have one hash by a chance of about n² / 2⁵²; it is no protection from somebody who wants that.
 */
export interface TextHash {
  readonly first: number;
  readonly second: number;
  /** B₁ and B₂ to the length. */
  readonly firstPower: number;
  readonly secondPower: number;
}

/** P₁, B₁ and P₂, B₂. */
const prime1 = 67_108_859;
const base1 = 31_415_927;
const prime2 = 67_108_837;
const base2 = 27_182_819;

export function hashOf(text: string): TextHash {
  let first = 0;
  let second = 0;
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index) + 1;
    first = modulo1(first * base1 + unit);
    second = modulo2(second * base2 + unit);
  }
  return { first, second, ...powers(text.length) };
}

/** As a safe integer, as it travels: the hash of the text that these are the parts of, one after the other. */
export function hashOfAll(parts: readonly TextHash[]): number {
  let first = 0;
  let second = 0;
  for (const part of parts) {
    first = modulo1(first * part.firstPower + part.first);
    second = modulo2(second * part.secondPower + part.second);
  }
  return first * 2 ** 26 + second;
}

/** B₁ and B₂ to the exponent, by squaring. */
export function powers(exponent: number): Pick<TextHash, "firstPower" | "secondPower"> {
  let firstPower = 1;
  let secondPower = 1;
  let square1 = base1;
  let square2 = base2;
  for (let rest = exponent; rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) {
      firstPower = modulo1(firstPower * square1);
      secondPower = modulo2(secondPower * square2);
    }
    square1 = modulo1(square1 * square1);
    square2 = modulo2(square2 * square2);
  }
  return { firstPower, secondPower };
}

// A value below 2⁵³ modulo a prime; many times faster than `%` is past 2³¹.

function modulo1(value: number): number {
  const rest = value - Math.floor(value * (1 / prime1)) * prime1;
  return rest < 0 ? rest + prime1 : rest >= prime1 ? rest - prime1 : rest;
}

function modulo2(value: number): number {
  const rest = value - Math.floor(value * (1 / prime2)) * prime2;
  return rest < 0 ? rest + prime2 : rest >= prime2 ? rest - prime2 : rest;
}
