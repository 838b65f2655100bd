// Where webhooks lead to in tests: a server in Node, since workerd cannot listen. It keeps what arrives, by key.
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** What arrived, as it was sent. */
export interface Received {
  headers: Record<string, string>;
  body: string;
}

/** What it answers to one request after the other, and from then on 200: a status, or nothing at all. */
export type Script = (number | "hang")[];

export interface WebhookReceiver {
  /** Webhooks go to `/hook/<key>`; `PUT /script/<key>` takes a `Script`, `GET /received/<key>` tells what arrived. */
  url: string;
  stop(): void;
}

export async function startWebhookReceiver(): Promise<WebhookReceiver> {
  const received = new Map<string, Received[]>();
  const scripts = new Map<string, Script>();
  const answer = (response: ServerResponse, next: Script[number] = 200) => {
    if (next === "hang") return;
    // Where a redirect would lead: also here, so that following it would be seen.
    response.writeHead(next, { location: "/hook/elsewhere", "content-type": "text/plain" });
    response.end(next === 204 ? undefined : "thank you");
  };
  const server = createServer(async (request, response) => {
    const [, what, key = ""] = (request.url ?? "").split("/");
    let body = "";
    for await (const chunk of request) body += chunk;
    if (what === "script") {
      scripts.set(key, JSON.parse(body));
      response.end();
    } else if (what === "received") {
      response.end(JSON.stringify(received.get(key) ?? []));
    } else {
      const headers = request.headers as Record<string, string>;
      received.set(key, [...(received.get(key) ?? []), { headers, body }]);
      answer(response, scripts.get(key)?.shift());
    }
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop() {
      server.closeAllConnections();
      server.close();
    },
  };
}
