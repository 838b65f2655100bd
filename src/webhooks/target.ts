import ip from "ipaddr.js";
import { isLoopback } from "../env.ts";

/** Why nothing is sent to a target; for the person who named it. */
export type TargetFault = string;

/** Gives the addresses of a name; none if there is no such name. Throws where that cannot be found out. */
export type Resolve = (hostname: string) => Promise<string[]>;

/** Ports on which web servers listen that are open to the world. */
const openPorts = new Set(["", "8443"]);

/** Names that lead nowhere in public (RFC 6761, RFC 8375, ICANN's `internal`, RFC 9476). */
const privateNames =
  /(^|\.)(localhost|local|localdomain|internal|intranet|lan|home|corp|private|home\.arpa|arpa|test|invalid|example|onion|alt)$/;

/**
 * Whether a webhook may lead to this URL (server-side request forgery: OWASP ASVS 5.0 §1.3.6): https to a public name, on
 * a port that is meant for it, without credentials. Addresses are not taken, in whatever notation: the URL parser has made
 * 0x7f.1 and 2130706433 into 127.0.0.1 before this looks. `loopback` admits this machine, too, for local development.
 */
export function targetFault(url: URL, { loopback }: { loopback: boolean }): TargetFault | undefined {
  if (url.username !== "" || url.password !== "") return "url must not have a user name or a password";
  if (loopback && isLoopback(url.hostname) && /^https?:$/.test(url.protocol)) return undefined;
  if (url.protocol !== "https:") return "url must be an https address";
  if (!openPorts.has(url.port)) return "url must have the port 443 or 8443";
  const name = url.hostname.replace(/\.$/, "");
  if (name.startsWith("[") || ip.isValid(name)) return "url must have a name, not an address";
  if (!name.includes(".") || privateNames.test(name)) return "url must have a public name";
  return undefined;
}

/**
 * The same at the moment of sending, when the name may have another meaning than it had. The platform's fetch cannot be
 * told which address to take, so a name that changes between the two look-ups passes; what protects then is that a Worker
 * has no private network around it, and that the target gets a signed body and tells the sender nothing but a status.
 */
export async function sendFault(
  url: URL,
  { loopback, resolve }: { loopback: boolean; resolve: Resolve },
): Promise<"forbidden_target" | "no_such_host" | "unresolved" | undefined> {
  if (targetFault(url, { loopback }) !== undefined) return "forbidden_target";
  if (loopback && isLoopback(url.hostname)) return undefined;
  const addresses = await resolve(url.hostname).catch(() => undefined);
  if (!addresses) return "unresolved";
  if (addresses.length === 0) return "no_such_host";
  return addresses.every(isPublic) ? undefined : "forbidden_target";
}

/** Whether an address is one of the public network (IANA's special-purpose registries): not even one that wraps another. */
export function isPublic(address: string): boolean {
  return ip.isValid(address) && ip.parse(address).range() === "unicast";
}
