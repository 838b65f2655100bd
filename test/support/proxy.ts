import { once } from "node:events";
import {
  createServer,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  request,
  type ServerResponse,
} from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";

/** What a proxy may do to what passes through it; without anything it hands all on. */
export interface ProxyFaults {
  /** Headers of requests that it takes away, in lower case. */
  takes?: string[];
  /** In place of the service, where it answers at all. */
  answers?: (asked: IncomingMessage, answer: ServerResponse) => boolean;
  /** Another answer than the service's. */
  changes?: (
    answer: { status: number; headers: OutgoingHttpHeaders; body: string },
    asked: IncomingMessage,
  ) => void;
  /** Upgrades are handed on as ordinary requests, as by a proxy that does not know them. */
  stripsUpgrade?: boolean;
  /** The upgrade passes, and nothing that comes after it. */
  mutesSockets?: boolean;
  /** Serves TLS with this certificate. */
  tls?: { key: string; cert: string };
}

export interface Proxy {
  url: string;
  stop(): Promise<void>;
}

/** Puts a proxy in front of a service. */
export async function startProxy(target: string, faults: ProxyFaults): Promise<Proxy> {
  const { hostname, port } = new URL(target);
  const sockets = new Set<Duplex>();

  /** The request as it goes on, without these headers. */
  const forwarded = ({ url: path, method, headers: asked }: IncomingMessage, without: string[] = []) => {
    const taken = [...(faults.takes ?? []), ...without];
    const headers = Object.fromEntries(Object.entries(asked).filter(([name]) => !taken.includes(name)));
    return { hostname, port, path, method, headers };
  };

  const handle = (asked: IncomingMessage, answer: ServerResponse): void => {
    if (faults.answers?.(asked, answer)) return;
    const onward = request(forwarded(asked, ["connection", "upgrade"]), async (reply) => {
      const parts: string[] = [];
      for await (const part of reply.setEncoding("utf8")) parts.push(part);
      const { "transfer-encoding": _, "content-length": __, ...headers } = reply.headers;
      const changed = { status: reply.statusCode ?? 0, headers, body: parts.join("") };
      faults.changes?.(changed, asked);
      answer.writeHead(changed.status, changed.headers).end(changed.body);
    });
    onward.on("error", () => answer.destroy());
    asked.pipe(onward);
  };

  const server = faults.tls ? createSecureServer(faults.tls, handle) : createServer(handle);
  server.on("connection", (socket: Duplex) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  if (!faults.stripsUpgrade) {
    server.on("upgrade", (asked: IncomingMessage, near: Duplex) => {
      const onward = request(forwarded(asked));
      onward.on("upgrade", (reply, far) => {
        const headers = { ...reply.headers };
        faults.changes?.({ status: 101, headers, body: "" }, asked);
        const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
        near.write(`HTTP/1.1 101 Switching Protocols\r\n${lines.join("")}\r\n`);
        for (const end of [near, far]) end.on("error", () => {});
        near.once("close", () => far.destroy());
        far.once("close", () => near.destroy());
        if (faults.mutesSockets) {
          far.resume();
          near.resume();
        } else {
          far.pipe(near);
          near.pipe(far);
        }
      });
      onward.on("response", (reply) => {
        near.end(
          `HTTP/1.1 ${reply.statusCode} ${reply.statusMessage}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n`,
        );
      });
      onward.on("error", () => near.destroy());
      onward.end();
    });
  }
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const at = (server.address() as AddressInfo).port;
  return {
    url: `http${faults.tls ? "s" : ""}://127.0.0.1:${at}`,
    async stop() {
      server.close();
      for (const socket of sockets) socket.destroy();
      await once(server, "close");
    },
  };
}
