import { env } from "cloudflare:workers";
import { type Frame, grantOf, newRoom, openRoomSocket, type TestSocket } from "./socket.ts";
import { type TranscriptLine, userOf } from "./transcripts.ts";

/**
 * Plays a conversation to a new room: sends what clients send, and hands each frame that is due to `expected`, as it stands
 * in the transcript and with a socket to read what came instead. `epochOnPage` is what the transcript has for the room's
 * epoch, of which every room has its own.
 */
export async function playTranscript(
  lines: readonly TranscriptLine[],
  epochOnPage: string,
  expected: (due: { client: string; frame: string; next: () => Promise<Frame> }) => Promise<void>,
): Promise<Map<string, TestSocket>> {
  const room = await newRoom();
  const sockets = new Map<string, TestSocket>();
  let epoch = epochOnPage;
  for (const { client, arrow, frame } of lines) {
    if (arrow === "!") {
      const [, method, args] = /^(\w+) (.+)$/.exec(frame) ?? [];
      // biome-ignore lint/suspicious/noExplicitAny: the transcript names the method
      await (env.ROOMS.getByName(room) as any)[method ?? ""](...JSON.parse(args ?? ""));
      continue;
    }
    const socket =
      sockets.get(client) ??
      (await openRoomSocket(room, grantOf(userOf(client), { expiresAt: 4_102_444_800 })));
    sockets.set(client, socket);
    if (arrow === "→") {
      socket.send(frame.replaceAll(epochOnPage, epoch));
      continue;
    }
    const next = async (): Promise<Frame> => {
      const received = await socket.next();
      if (received.type !== "welcome") return received;
      epoch = received.epoch;
      return { ...received, epoch: epochOnPage };
    };
    await expected({ client, frame, next });
  }
  return sockets;
}
