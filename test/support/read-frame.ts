import { expandShort } from "../../src/protocol/frame-form.ts";

/** A frame of either side as it reads in the long form, whichever it was sent in. */
// biome-ignore lint/suspicious/noExplicitAny: tests look into frames of every shape
export function readFrame(message: string): any {
  const frame = JSON.parse(message);
  if (frame.type !== undefined) return frame;
  if (frame.submit === undefined) return expandShort(frame) ?? frame;
  const [seq, base, op] = frame.submit;
  return { type: "submit", seq, base, op };
}
