import { Problem } from "../platform/problem.ts";
import type { Grant } from "../room/room-api.ts";

/** Doors that a viewer is led to, at most: the room's and those of as many levels of fan-outs as hold every viewer there is. */
const doors = 10;

/** Has the room take the socket, or for a viewer too many the fan-out that it leads to, or that that one leads to. */
export async function openSocket(
  env: Pick<Env, "ROOMS" | "FANOUTS">,
  id: string,
  upgrade: Request,
): Promise<Response> {
  let door: Fetcher = env.ROOMS.getByName(id);
  for (let opened = 0; opened < doors; opened++) {
    const answer = await door.fetch(new Request(upgrade.url, { headers: upgrade.headers }));
    const shard = answer.headers.get("x-materi-shard");
    if (shard === null) return answer;
    door = env.FANOUTS.getByName(`${id}:${shard}`);
  }
  throw new Problem("unavailable", "The document has more viewers at once than can be led to a place.");
}

/**
 * A socket of the Worker's own to a document's room, as the one who is admitted: what a room tells those who cannot have
 * one comes by it. The room knows nothing but sockets, so whatever holds for those holds for these, and it can sleep.
 */
export async function roomSocket(
  env: Pick<Env, "ROOMS" | "FANOUTS">,
  id: string,
  grant: Grant,
  requestId: string,
): Promise<WebSocket> {
  const headers = { ...grantHeader(grant), "x-request-id": requestId, upgrade: "websocket" };
  const { webSocket } = await openSocket(env, id, new Request("https://room/", { headers }));
  if (!webSocket) throw new Problem("unavailable", "The document's room takes nobody now.");
  webSocket.accept();
  return webSocket;
}

/** What was verified, as the room reads it. Headers are ASCII, and names are not. */
export function grantHeader(grant: Grant): Record<string, string> {
  const escaped = (unit: string) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
  return { "x-materi-grant": JSON.stringify(grant).replace(/[^\x20-\x7e]/g, escaped) };
}
