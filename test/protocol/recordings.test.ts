import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { holdsAll } from "../support/frame-match.ts";
import { type Frame, grantOf, newRoom, openRoomSocket, type TestSocket } from "../support/socket.ts";
import { transcriptsOf, userOf } from "../support/transcripts.ts";

const recordings = import.meta.glob<string>("../recordings/*.md", {
  query: "?raw",
  import: "default",
  eager: true,
});

describe("WR-1: a client of any time before is served by the server of today", () => {
  it("there are recordings", () => expect(Object.keys(recordings).length).toBeGreaterThan(1));

  for (const [path, page] of Object.entries(recordings)) {
    const transcripts = transcriptsOf(page);
    /** What that time's clients knew; anything else they ignore. */
    const known = new Set(transcripts.flatMap(({ lines }) => lines.map(({ frame }) => typeOf(frame))));
    for (const [index, { heading, lines }] of transcripts.entries()) {
      it(`${path.split("/").at(-1)}, conversation ${index + 1}: ${heading}`, async () => {
        const room = await newRoom();
        const sockets = new Map<string, TestSocket>();
        // Every room has an epoch of its own: where it stands in the recording, this room's belongs.
        const recordedEpoch = /"epoch":"([^"]+)"/.exec(page)?.[1] ?? "none";
        let epoch = recordedEpoch;
        for (const { client, arrow, frame } of lines) {
          if (arrow === "!") {
            const [, method, args] = /^(\w+) (.+)$/.exec(frame) ?? [];
            // biome-ignore lint/suspicious/noExplicitAny: the recording names the method
            await (env.ROOMS.getByName(room) as any)[method ?? ""](...JSON.parse(args ?? ""));
            continue;
          }
          const socket =
            sockets.get(client) ??
            (await openRoomSocket(room, grantOf(userOf(client), { expiresAt: 4_102_444_800 })));
          sockets.set(client, socket);
          if (arrow === "→") {
            socket.send(frame.replaceAll(recordedEpoch, epoch));
            continue;
          }
          let answer: Frame;
          do answer = await socket.next();
          while (!known.has(answer.type));
          if (answer.type === "welcome") epoch = answer.epoch;
          const recorded = frame.replaceAll(recordedEpoch, epoch);
          if (!holdsAll(recorded.startsWith("{") ? JSON.parse(recorded) : recorded, answer)) {
            expect.fail(`${client} was sent ${JSON.stringify(answer)} where it was once sent ${frame}`);
          }
        }
      });
    }
  }
});

function typeOf(frame: string): unknown {
  return frame.startsWith("{") ? JSON.parse(frame).type : frame;
}
