import type { Context } from "hono";

/**
 * The address that a request came from, as Cloudflare saw it. Cloudflare sets `cf-connecting-ip` itself, so a client
 * cannot; `x-forwarded-for` a client can, so it is not read. Null where no Cloudflare is in front (a test).
 */
export function clientAddress(c: Context): string | null {
  return c.req.header("cf-connecting-ip") ?? null;
}

/**
 * What limits count by: an IPv4 address, or the first 64 bits of an IPv6 address, of which everybody has 2^64. Null for
 * no address and for this machine's own, which only local use has: there, everybody would share one count.
 */
export function networkOf(address: string | null): string | null {
  if (address === null || /^127\./.test(address)) return null;
  if (!address.includes(":")) return address;
  const [a, b, c, d, e, f, g, h] = hextetsOf(address);
  if (!(a || b || c || d || e)) {
    // IPv4 in the clothes of IPv6 (RFC 4291 §2.5.5.2).
    if (f === 0xffff) return networkOf([g >> 8, g & 255, h >> 8, h & 255].join("."));
    if (!(f || g) && h === 1) return null;
  }
  return `${[a, b, c, d].map((hextet) => hextet.toString(16)).join(":")}::/64`;
}

type Hextets = [number, number, number, number, number, number, number, number];

/** The eight numbers of an IPv6 address in any of its forms (RFC 4291 §2.2). */
function hextetsOf(address: string): Hextets {
  const plain = address
    .replace(/%.*$/, "")
    .replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_, a, b, c, d) =>
      [(a << 8) | b, (c << 8) | d].map((hextet) => hextet.toString(16)).join(":"),
    );
  const [head, tail = []] = plain
    .split("::")
    .map((half) => (half ? half.split(":").map((hextet) => Number.parseInt(hextet, 16)) : [])) as [
    number[],
    number[]?,
  ];
  const left = Array<number>(Math.max(0, 8 - head.length - tail.length)).fill(0);
  return [...head, ...left, ...tail] as Hextets;
}
