/**
 * Law TR-1: every accepted operation has a trace id of its own, which costs no byte on the wire and no row: the first 16 bytes of
 * SHA-256 over `<document id>:<version>`, in hexadecimal, as a trace id of W3C Trace Context. Whoever has the operation knows both:
 *
 *     printf '%s:%d' 1b4e28ba-2fa1-41d2-883f-0016d3cca427 42 | sha256sum | head -c 32
 *
 * By version rather than by client id and seq, since those who receive an operation are not told its client id, and a writer's
 * number is certain with its first commit only.
 */
export function operationTraceId(documentId: string, version: number): string {
  return digestStart(`${documentId}:${version}`);
}

/** How many trace ids a commit's line and span name. */
const mostNamed = 8;

/** Those of the operations with versions `from` … `to`, with blanks between; of many, of the newest. */
export function operationTraceIds(documentId: string, from: number, to: number): string {
  const traceIds: string[] = [];
  for (let version = Math.max(from, to - mostNamed + 1); version <= to; version++) {
    traceIds.push(operationTraceId(documentId, version));
  }
  return traceIds.join(" ");
}

// SHA-256 (FIPS 180-4 §6.2): the room needs it at once, where WebCrypto makes everybody wait, and browsers have no node:crypto, which
// is no faster in workerd for texts as short as these (4 to 10 µs each).

/** The first 32 bits of the fractional parts of `root` of the first primes (§4.2.2, §5.3.3). */
function primeRoots(count: number, root: (prime: number) => number): Int32Array {
  const bits = new Int32Array(count);
  for (let candidate = 2, found = 0; found < count; candidate++) {
    let divisor = 2;
    while (candidate % divisor !== 0) divisor++;
    if (divisor === candidate) bits[found++] = (root(candidate) % 1) * 2 ** 32;
  }
  return bits;
}

const utf8 = new TextEncoder();
const initial = primeRoots(8, Math.sqrt);
const constants = primeRoots(64, Math.cbrt);
const state = new Int32Array(8);
const schedule = new Int32Array(64);

/** The first 16 bytes of the digest of this text in UTF-8, in hexadecimal. */
function digestStart(text: string): string {
  const bytes = utf8.encode(text);
  const length = (bytes.length + 9 + 63) & ~63;
  state.set(initial);
  for (let at = 0; at < length; at += 64) {
    for (let t = 0; t < 16; t++) {
      let word = 0;
      for (let byte = at + 4 * t; byte < at + 4 * t + 4; byte++) {
        word = (word << 8) | (byte < bytes.length ? bytes[byte]! : byte === bytes.length ? 0x80 : 0);
      }
      schedule[t] = word;
    }
    if (at + 64 === length) schedule[15] = bytes.length * 8;
    compress();
  }
  let hex = "";
  for (let word = 0; word < 4; word++) hex += (state[word]! >>> 0).toString(16).padStart(8, "0");
  return hex;
}

function compress(): void {
  for (let t = 16; t < 64; t++) {
    const before15 = schedule[t - 15]!;
    const before2 = schedule[t - 2]!;
    const sigma0 = rotate(before15, 7) ^ rotate(before15, 18) ^ (before15 >>> 3);
    const sigma1 = rotate(before2, 17) ^ rotate(before2, 19) ^ (before2 >>> 10);
    schedule[t] = schedule[t - 16]! + sigma0 + schedule[t - 7]! + sigma1;
  }
  let a = state[0]!;
  let b = state[1]!;
  let c = state[2]!;
  let d = state[3]!;
  let e = state[4]!;
  let f = state[5]!;
  let g = state[6]!;
  let h = state[7]!;
  for (let t = 0; t < 64; t++) {
    const sum1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25);
    const first = (h + sum1 + ((e & f) ^ (~e & g)) + constants[t]! + schedule[t]!) | 0;
    const sum0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22);
    const second = (sum0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g;
    g = f;
    f = e;
    e = (d + first) | 0;
    d = c;
    c = b;
    b = a;
    a = (first + second) | 0;
  }
  state[0]! += a;
  state[1]! += b;
  state[2]! += c;
  state[3]! += d;
  state[4]! += e;
  state[5]! += f;
  state[6]! += g;
  state[7]! += h;
}

const rotate = (word: number, by: number): number => (word >>> by) | (word << (32 - by));
