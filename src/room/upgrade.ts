import { subprotocol } from "../protocol/subprotocol.ts";
import type { Grant } from "./room-api.ts";

/** What the Worker has verified about the socket that is to be opened. */
export const grantOf = (upgrade: Request): Grant =>
  JSON.parse(upgrade.headers.get("x-materi-grant") ?? "") as Grant;

/** What a socket is called in lines about its frames: the request that it came by. Outlives sleep. */
export const tagsOf = (upgrade: Request): string[] => {
  const requestId = upgrade.headers.get("x-request-id");
  return requestId === null ? [] : [requestId];
};

/** The answer to a viewer whom another fan-out is to serve: the Worker goes on there. */
export const leadTo = (shard: number): Response =>
  new Response(null, { status: 307, headers: { "x-materi-shard": `${shard}` } });

/** The answer to an upgrade, with the client's end of the socket. */
export function switchingTo(client: WebSocket, upgrade: Request): Response {
  const offered = upgrade.headers.get("sec-websocket-protocol")?.split(/\s*,\s*/) ?? [];
  const headers = new Headers(offered.includes(subprotocol) ? { "sec-websocket-protocol": subprotocol } : {});
  return new Response(null, { status: 101, webSocket: client, headers });
}

/**
 * The other half of the closing handshake, without which a hibernatable socket's client waits until 1006. The codes that
 * stand for "none was sent" may not be sent.
 */
export function answerClose(socket: WebSocket, code: number, reason: string): void {
  if (code === 1006 || code === 1015) return;
  try {
    if (code === 1005) socket.close(1000);
    else socket.close(code, reason);
  } catch {
    // It is closed.
  }
}
