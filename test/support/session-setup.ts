import {
  DocumentSession,
  type SessionEvents,
  type SessionOptions,
} from "../../src/client/document-session.ts";
import { RoomHarness } from "./room-harness.ts";
import { networkTo } from "./room-network.ts";

/** Lets promises settle, and the room's turn end, as often as frames go back and forth. */
export async function settle(room: RoomHarness): Promise<void> {
  for (let turn = 0; turn < 10; turn++) {
    await Promise.resolve();
    room.turn();
  }
}

/** A room, a network that leads to it, and sessions over that. Their tokens are user names. */
export function setUp(content = "") {
  const room = new RoomHarness(content);
  const network = networkTo(room);
  const session = (user: string, options: Partial<SessionOptions> = {}) =>
    new DocumentSession({
      url: "http://materi.test",
      documentId: "d",
      token: () => user,
      clientId: `${user}-1`,
      WebSocket: network.WebSocket,
      transports: ["socket"],
      retry: { first: 100, most: 1_000 },
      ...options,
    });
  return { room, network, session };
}

/** The events of a session, as they come. */
export function recordOf<Name extends keyof SessionEvents>(
  session: DocumentSession,
  name: Name,
): SessionEvents[Name][] {
  const events: SessionEvents[Name][] = [];
  session.on(name, (event) => events.push(event));
  return events;
}
