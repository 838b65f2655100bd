import { isRetryable } from "../protocol/close-codes.ts";
import { limits } from "../protocol/limits.ts";
import { decodeServerFrame } from "../protocol/server-frames.ts";

/** Milliseconds after which a client whose stream has ended comes back. */
const retryMs = 1_000;

/**
 * A room's frames as server-sent events (WHATWG HTML §9.2), for networks that block sockets: `event` is the frame's type,
 * `data` the frame, `id` where the reader is after it, `<version>-<epoch>`. When the room closes the socket, the last event,
 * `close`, says why. A reader for whom too much waits, or who reads nothing of what waits from one sign of life to the next, is cut off: what
 * waited is let go at once, and they come back to resume (law FL-3).
 */
export function eventStream(socket: WebSocket, hello: string): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  let epoch = "";
  let welcomeBytes = 0;
  let timer: ReturnType<typeof setInterval>;
  let ended = false;
  /** Bytes, all in all. */
  let written = 0;
  let readBefore = 0;
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        const write = (event: string): number => {
          const bytes = encoder.encode(event);
          written += bytes.byteLength;
          controller.enqueue(bytes);
          return bytes.byteLength;
        };
        const waiting = () => limits.unreadBytes - (controller.desiredSize ?? 0);
        const end = (code: number, reason: string) => {
          if (ended) return;
          ended = true;
          clearInterval(timer);
          write(`event: close\ndata: ${JSON.stringify({ code, reason, retry: isRetryable(code) })}\n\n`);
          controller.close();
        };
        const cutOff = () => {
          ended = true;
          clearInterval(timer);
          socket.close(1000, "not read");
          controller.error(new Error("what was sent was not read"));
        };
        socket.addEventListener("message", ({ data }) => {
          const frame = data === "pong" || ended ? undefined : decodeServerFrame(data as string);
          if (!frame) return;
          let id = "";
          if (frame.type === "welcome") {
            epoch = frame.epoch;
            id = `id: ${frame.version}-${epoch}\n`;
          } else if (frame.type === "operations") {
            id = `id: ${frame.from + frame.items.length - 1}-${epoch}\n`;
          }
          const bytes = write(`event: ${frame.type}\n${id}data: ${data}\n\n`);
          if (frame.type === "welcome") welcomeBytes = bytes;
          if (waiting() > limits.unreadBytes + welcomeBytes) cutOff();
        });
        socket.addEventListener("close", ({ code, reason }) => end(code, reason));
        timer = setInterval(() => {
          const read = written - waiting();
          if (waiting() > 0 && read === readBefore) {
            cutOff();
            return;
          }
          readBefore = read;
          // One for the room, which answers without waking; one for the proxies on the way.
          socket.send("ping");
          write(": here\n\n");
        }, limits.pingSeconds * 1_000);
        write(`retry: ${retryMs}\n\n`);
        socket.send(hello);
      },
      cancel() {
        ended = true;
        clearInterval(timer);
        socket.close(1000);
      },
    },
    new ByteLengthQueuingStrategy({ highWaterMark: limits.unreadBytes }),
  );
}
