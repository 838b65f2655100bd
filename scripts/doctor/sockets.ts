import { createHash, randomBytes } from "node:crypto";
import { type IncomingMessage, request } from "node:http";
import { request as requestSecurely } from "node:https";
import { setTimeout as sleep } from "node:timers/promises";
import { DocumentSession } from "../../src/client/document-session.ts";
import { insertion } from "../../src/ot/operation.ts";
import type { Welcome } from "../../src/protocol/server-frames.ts";
import { subprotocol } from "../../src/protocol/subprotocol.ts";
import { type Answer, fail, ok } from "./finding.ts";
import { latency } from "./rest.ts";
import { describe, type Service, whyNot } from "./service.ts";

/** What RFC 6455 §4.2.2 has the server add to the key. */
const handshakeGuid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

interface Upgrade {
  status: number;
  headers: IncomingMessage["headers"];
  text: string;
  key: string;
}

/** The upgrade request alone, by hand: a WebSocket does not tell how it was refused. */
function upgrade({ url, token, patience }: Service, id: string): Promise<Upgrade> {
  const key = randomBytes(16).toString("base64");
  const address = new URL(`${url}/ws/documents/${id}`);
  const send = address.protocol === "https:" ? requestSecurely : request;
  return new Promise((done, reject) => {
    const asking = send(address, {
      headers: {
        connection: "Upgrade",
        upgrade: "websocket",
        "sec-websocket-version": "13",
        "sec-websocket-key": key,
        // As browsers do, which cannot set headers.
        "sec-websocket-protocol": `${subprotocol}, bearer.${token}`,
      },
      signal: AbortSignal.timeout(patience),
    });
    asking.once("upgrade", ({ headers }, socket) => {
      socket.destroy();
      done({ status: 101, headers, text: "", key });
    });
    asking.once("response", async (response) => {
      const parts: string[] = [];
      try {
        for await (const part of response.setEncoding("utf8")) parts.push(part);
      } catch {
        // What came of it will do.
      }
      done({ status: response.statusCode ?? 0, headers: response.headers, text: parts.join(""), key });
    });
    asking.once("error", reject);
    asking.end();
  });
}

/** Whether a socket can be opened through whatever is in between. */
export async function upgrades(service: Service, id: string): Promise<Answer> {
  const start = performance.now();
  let answer: Upgrade;
  try {
    answer = await upgrade(service, id);
  } catch (error) {
    return fail(
      whyNot(error, service.patience),
      "REST came through and this did not: a proxy or firewall in between cuts WebSockets. The client library goes on by events.",
    );
  }
  const { status, headers, text, key } = answer;
  if (status === 101) {
    const accept = createHash("sha1")
      .update(key + handshakeGuid)
      .digest("base64");
    if (headers["sec-websocket-accept"] !== accept) {
      return fail(
        "101 with a wrong Sec-WebSocket-Accept",
        "Something in between answers in the service's place.",
      );
    }
    if (headers["sec-websocket-protocol"] !== subprotocol) {
      return fail(
        `101 without the subprotocol ${subprotocol}`,
        "A proxy takes Sec-WebSocket-Protocol away: browsers then close the socket. Let it through.",
      );
    }
    return ok(`101 in ${(performance.now() - start).toFixed(0)} ms, subprotocol ${subprotocol}`);
  }
  const found = describe({
    status,
    headers: new Headers(textual(headers)),
    text,
    ms: 0,
    sentAt: 0,
    receivedAt: 0,
  });
  return fail(
    `${found}, where 101 was due`,
    status === 426 || status === 400 || status === 404 || status === 200
      ? "A proxy does not hand the upgrade on: for nginx `proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade;`. The client library goes on by events."
      : "See what is said there; REST with the same token came through.",
  );
}

const textual = (headers: IncomingMessage["headers"]) =>
  Object.entries(headers).flatMap(([name, value]): [string, string][] =>
    value === undefined ? [] : [[name, String(value)]],
  );

/** Edits that are timed. */
const edits = 20;

/** Has one session write and another read along, as two people would. */
export async function echo(service: Service, id: string): Promise<{ echo: Answer; room?: Answer }> {
  const { url, token = "", patience } = service;
  const open = () => new DocumentSession({ url, documentId: id, token: () => token, transports: ["socket"] });
  const writer = open();
  const reader = open();
  const inTime = <T>(what: string, promise: Promise<T>) => {
    const late = sleep(patience, undefined, { ref: false }).then(() => {
      throw new Error(`${what} took longer than ${patience / 1000} s`);
    });
    return Promise.race([promise, late]);
  };
  try {
    await inTime("opening the document", Promise.all([writer.ready(), reader.ready()]));
    const acknowledged: number[] = [];
    const seen: number[] = [];
    for (let n = 0; n < edits; n++) {
      const start = performance.now();
      const arrived = new Promise<void>((done) => {
        const stop = reader.on("change", () => {
          if (reader.text !== writer.text) return;
          stop();
          done();
        });
      });
      writer.edit(insertion(writer.length, "."));
      const saving = writer.saved().then(() => acknowledged.push(performance.now() - start));
      await inTime("an edit", Promise.all([saving, arrived]));
      seen.push(performance.now() - start);
    }
    if (reader.text !== writer.text || reader.version !== writer.version) {
      const found = `they have different texts at versions ${reader.version} and ${writer.version}`;
      return { echo: fail(found, 'A fault of the service: docs/debugging.md, "divergence".') };
    }
    const busy = 'The document\'s room is far away or busy: docs/debugging.md, "a slow room".';
    const answers = { echo: latency(seen, busy), room: latency(acknowledged, busy) };
    return {
      echo: { ...answers.echo, found: `${edits} edits seen by another after ${answers.echo.found}` },
      room: { ...answers.room, found: `durable after ${answers.room.found}` },
    };
  } catch (error) {
    return {
      echo: fail(
        error instanceof Error ? error.message : String(error),
        "The socket opens and nothing comes through it: a proxy in between holds messages back, or ends idle connections.",
      ),
    };
  } finally {
    writer.close();
    reader.close();
  }
}

/** The limits that this room announces. */
export async function announcedLimits({ url, token, patience }: Service, id: string): Promise<Answer> {
  const socket = new WebSocket(`${url.replace(/^http/, "ws")}/ws/documents/${id}`, [
    subprotocol,
    `bearer.${token}`,
  ]);
  try {
    const welcome = await new Promise<Welcome>((done, reject) => {
      const late = setTimeout(() => reject(new Error("no welcome")), patience);
      socket.onopen = () => socket.send(JSON.stringify({ type: "hello", client_id: crypto.randomUUID() }));
      socket.onmessage = ({ data }) => {
        clearTimeout(late);
        done(JSON.parse(String(data)));
      };
      socket.onerror = () => reject(new Error("the socket was cut"));
    });
    const { text_units: text, insert_units: insert, frame_units: frame, ping_seconds: ping } = welcome.limits;
    const { tokens_per_second: rate, tokens_burst: burst } = welcome.limits;
    return ok(
      `text ${text}, insert ${insert}, frame ${frame} units; ${rate} frames/s, ${burst} at once; a ping every ${ping} s`,
    );
  } catch (error) {
    return fail(error instanceof Error ? error.message : String(error), "See the check of the echo.");
  } finally {
    socket.close();
  }
}
