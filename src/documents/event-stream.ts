import { closeCodes, isRetryable } from "../protocol/close-codes.ts";
import { limits } from "../protocol/limits.ts";
import { decodeServerFrame } from "../protocol/server-frames.ts";

/** Milliseconds after which a client whose stream has ended comes back. */
const retryMs = 1_000;

/**
 * A room's frames as server-sent events (WHATWG HTML §9.2), for networks that block sockets: `event` is the frame's type,
 * `data` the frame, `id` where the reader is after it, `<version>-<epoch>`. When the room closes the socket, the last event,
 * `close`, says why. A reader who leaves too much unread is sent away, and comes back to resume (law FL-3).
 */
export function eventStream(socket: WebSocket, hello: string): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  let epoch = "";
  let welcomeBytes = 0;
  let timer: ReturnType<typeof setInterval>;
  let ended = false;
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        const end = (code: number, reason: string) => {
          if (ended) return;
          ended = true;
          clearInterval(timer);
          const data = JSON.stringify({ code, reason, retry: isRetryable(code) });
          controller.enqueue(encoder.encode(`event: close\ndata: ${data}\n\n`));
          controller.close();
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
          const event = encoder.encode(`event: ${frame.type}\n${id}data: ${data}\n\n`);
          if (frame.type === "welcome") welcomeBytes = event.byteLength;
          controller.enqueue(event);
          if ((controller.desiredSize ?? 0) < -welcomeBytes) {
            socket.close(1000, "not read");
            end(closeCodes.tooSlow.code, "what was sent was not read");
          }
        });
        socket.addEventListener("close", ({ code, reason }) => end(code, reason));
        timer = setInterval(() => {
          // One for the room, which answers without waking; one for the proxies on the way.
          socket.send("ping");
          controller.enqueue(encoder.encode(": here\n\n"));
        }, limits.pingSeconds * 1_000);
        controller.enqueue(encoder.encode(`retry: ${retryMs}\n\n`));
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
