import { z } from "zod";
import { limits } from "../limits.ts";
import { jsonObject, time } from "./text.ts";

/** What `PUT /admin/documents/{id}/frame-debugging` takes. */
export const frameDebugging = z
  .object(
    {
      seconds: z
        .int()
        .min(1)
        .max(limits.frameDebuggingSeconds)
        .meta({ description: "After which it ends by itself." }),
    },
    { error: jsonObject },
  )
  .meta({ id: "FrameDebugging" });

export const framesShown = z
  .object({ until: time.meta({ description: "When it ends." }) })
  .meta({ id: "FramesShown" });
