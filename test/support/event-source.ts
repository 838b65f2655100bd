import { exports } from "cloudflare:workers";
import { readServerMessage } from "./server-message.ts";
import type { Frame } from "./socket.ts";

/** A server-sent event as a test reads it. */
export interface ServerEvent {
  event: string;
  id: string | undefined;
  data: Frame;
}

/** A document's events, read one by one, as the algorithm of WHATWG HTML §9.2.6 does. */
export class EventReader {
  readonly response: Response;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #decoder = new TextDecoder();
  #buffer = "";

  constructor(response: Response) {
    if (response.status !== 200 || !response.body) throw new Error(`no events: HTTP ${response.status}`);
    this.response = response;
    this.#reader = response.body.getReader();
  }

  /** The next event; undefined when the stream has ended. */
  async next(): Promise<ServerEvent | undefined> {
    for (;;) {
      const end = this.#buffer.indexOf("\n\n");
      if (end >= 0) {
        const block = this.#buffer.slice(0, end);
        this.#buffer = this.#buffer.slice(end + 2);
        const event = readEvent(block);
        if (event) return event;
        continue;
      }
      const { done, value } = await this.#reader.read();
      if (done) return undefined;
      this.#buffer += this.#decoder.decode(value, { stream: true });
    }
  }

  async close(): Promise<void> {
    await this.#reader.cancel();
  }
}

/** Undefined for a comment, and for what has no data. */
function readEvent(block: string): ServerEvent | undefined {
  const fields = new Map(
    block.split("\n").map((line) => {
      const colon = line.indexOf(": ");
      return [line.slice(0, colon), line.slice(colon + 2)];
    }),
  );
  const data = fields.get("data");
  if (data === undefined) return undefined;
  const event = fields.get("event") ?? "message";
  return {
    event,
    id: fields.get("id"),
    data: event === "close" ? JSON.parse(data) : readServerMessage(data),
  };
}

export async function openEvents(
  documentId: string,
  token: string,
  { query = "", lastEventId }: { query?: string; lastEventId?: string } = {},
): Promise<EventReader> {
  const headers = new Headers({ authorization: `Bearer ${token}` });
  if (lastEventId !== undefined) headers.set("last-event-id", lastEventId);
  const url = `https://materi.test/api/v1/documents/${documentId}/events${query}`;
  return new EventReader(await exports.default.fetch(url, { headers }));
}
