// A server of the protocol of Pwned Passwords, in Node, and ways in which one may fail.
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** What it has. */
export const breachedPassword = "correct horse 1234";

const sha1 = (text: string) => createHash("sha1").update(text).digest("hex").toUpperCase();
const padding = () => `${randomBytes(18).toString("hex").slice(0, 35).toUpperCase()}:0`;

/**
 * Answers `/<way>/<first 5 digits>`: `range` as it should be, `padded` the same with the counts of padding, and `hang`, `stall`
 * (within the answer), `down`, `garbage`, `empty`, `huge`, `away` (a redirect to `range`) as it should not. `/seen` tells what arrived.
 */
export async function startBreachedPasswords(): Promise<{ url: string; stop(): void }> {
  const seen: { path: string; padding: unknown; headers: string[] }[] = [];
  const server = createServer((request, response) => {
    const path = request.url ?? "";
    if (path === "/seen") return response.end(JSON.stringify(seen));
    seen.push({ path, padding: request.headers["add-padding"], headers: Object.keys(request.headers) });
    const [, way = "", prefix = ""] = path.split("/");
    const digest = sha1(breachedPassword);
    const own = digest.startsWith(prefix) ? [`${digest.slice(5)}:${way === "padded" ? 0 : 42}`] : [];
    const lines = [padding(), `${"0".repeat(34)}A:3`, ...own, padding()].join("\r\n");
    if (way === "range" || way === "padded") return response.end(lines);
    if (way === "down") return response.writeHead(503).end(lines);
    if (way === "away") return response.writeHead(302, { location: `/range/${prefix}` }).end();
    if (way === "garbage") return response.end(`<html>${digest.slice(5)}</html>\u0000:::\n`);
    if (way === "empty") return response.end();
    if (way === "huge") return response.end(`${lines}\n${"x".repeat(5_000_000)}`);
    if (way === "stall") response.write(`${padding()}\r\n`);
    return undefined;
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop() {
      server.closeAllConnections();
      server.close();
    },
  };
}
