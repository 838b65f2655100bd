import { Text } from "../../../src/ot/text.ts";
import { decodeClientFrame, encodeSubmit } from "../../../src/protocol/client-frames.ts";
import type { Engine } from "../engine.ts";
import { operationOf } from "./materi.ts";

/** Materi with the frames in which operations travel, where the others are given the operation alone. */
export const engine: Engine = {
  receive(start, edits) {
    const frames = edits.map((edit, base) =>
      encodeSubmit({ seq: base + 1, base, operation: operationOf(edit) }, true),
    );
    return () => {
      const text = Text.from(start);
      return () => {
        for (const frame of frames) {
          const submit = decodeClientFrame(frame);
          if (submit.type !== "submit") throw new Error("a frame was refused");
          text.apply(submit.operation);
        }
        return () => text.toString();
      };
    };
  },
};
