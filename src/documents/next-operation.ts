import { encodeHello } from "../protocol/client-frames.ts";
import { decodeServerFrame } from "../protocol/server-frames.ts";

/**
 * Waits on a room's socket until there is something after version `since`, for `ms` at most, and closes it. Answers the
 * code with which the room closed it before, if it did.
 */
export function nextOperation(
  socket: WebSocket,
  { since, ms }: { since: number; ms: number },
): Promise<number | undefined> {
  return new Promise((resolve) => {
    const end = (code?: number) => {
      clearTimeout(timer);
      if (code === undefined) socket.close(1000);
      resolve(code);
    };
    const timer = setTimeout(end, ms);
    socket.addEventListener("message", ({ data }) => {
      const frame = decodeServerFrame(data as string);
      const isNews = frame?.type === "operations" || frame?.type === "error";
      if (isNews || (frame?.type === "welcome" && frame.version !== since)) end();
    });
    socket.addEventListener("close", ({ code }) => end(code));
    socket.send(encodeHello({ clientId: crypto.randomUUID(), since, lastSeq: 0 }));
  });
}
