import { describe, expect, it } from "vitest";
import { holdsAll } from "../support/frame-match.ts";
import { playTranscript } from "../support/play-transcript.ts";
import type { Frame } from "../support/socket.ts";
import { transcriptsOf } from "../support/transcripts.ts";

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
        await playTranscript(lines, epochOf(page), async ({ client, frame, next }) => {
          let answer: Frame;
          do answer = await next();
          while (!known.has(answer.type));
          if (!holdsAll(frame.startsWith("{") ? JSON.parse(frame) : frame, answer)) {
            expect.fail(`${client} was sent ${JSON.stringify(answer)} where it was once sent ${frame}`);
          }
        });
      });
    }
  }
});

function typeOf(frame: string): unknown {
  return frame.startsWith("{") ? JSON.parse(frame).type : frame;
}

const epochOf = (page: string): string => /"epoch":"([^"]+)"/.exec(page)?.[1] ?? "none";
