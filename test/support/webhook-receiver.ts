// Where webhooks lead to in tests: a server in Node, since workerd cannot listen. It keeps what arrives, by key.
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** What arrived, as it was sent. */
export interface Received {
  headers: Record<string, string>;
  body: string;
}

/** What it answers to one request after the other, and from then on 200: a status, or nothing at all. */
export type Script = (number | "hang" | { status: number; retryAfter: string })[];

/** What the resolver says of a name: its records by type, or a response code of DNS in their place. */
export type Zone = Partial<Record<"A" | "AAAA", string[] | number>>;

export interface WebhookReceiver {
  /**
   * Webhooks go to `/hook/<key>`; `PUT /script/<key>` takes a `Script`, `GET /received/<key>` tells what arrived. It is a
   * resolver, too: `GET /dns-query?name=&type=` answers, in DNS's JSON, what `PUT /zone/<name>` said.
   */
  url: string;
  stop(): void;
}

export async function startWebhookReceiver(): Promise<WebhookReceiver> {
  const received = new Map<string, Received[]>();
  const scripts = new Map<string, Script>();
  const zones = new Map<string, Zone>();
  const answer = (response: ServerResponse, next: Script[number] = 200) => {
    if (next === "hang") return;
    const { status, retryAfter } = typeof next === "number" ? { status: next, retryAfter: undefined } : next;
    // Where a redirect would lead: also here, so that following it would be seen.
    response.writeHead(status, {
      location: "/hook/elsewhere",
      "content-type": "text/plain",
      ...(retryAfter !== undefined && { "retry-after": retryAfter }),
    });
    response.end(status === 204 ? undefined : "thank you");
  };
  const server = createServer(async (request, response) => {
    const [, what, key = ""] = (request.url ?? "").split("/");
    let body = "";
    for await (const chunk of request) body += chunk;
    if (what === "script") {
      scripts.set(key, JSON.parse(body));
      response.end();
    } else if (what === "zone") {
      zones.set(key, JSON.parse(body));
      response.end();
    } else if (what?.startsWith("dns-query")) {
      const { searchParams } = new URL(request.url ?? "", "http://127.0.0.1");
      const name = searchParams.get("name") ?? "";
      const zone = zones.get(name);
      const records = zone?.[searchParams.get("type") as keyof Zone] ?? [];
      const type = searchParams.get("type") === "A" ? 1 : 28;
      response.setHeader("content-type", "application/dns-json");
      response.end(
        JSON.stringify({
          Status: typeof records === "number" ? records : zone ? 0 : 3,
          Question: [{ name, type }],
          // As behind an alias.
          ...(Array.isArray(records) && {
            Answer: [
              { name, type: 5, TTL: 60, data: "alias.example.net." },
              ...records.map((data) => ({ name: "alias.example.net", type, TTL: 60, data })),
            ],
          }),
        }),
      );
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
