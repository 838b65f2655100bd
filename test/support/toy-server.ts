import type { AddressInfo } from "node:net";
import { type WebSocket, WebSocketServer } from "ws";
import type { Operation } from "../../src/ot/operation.ts";
import { Text } from "../../src/ot/text.ts";
import { transform } from "../../src/ot/transform.ts";
import { decodeClientFrame, type Hello, type Submit } from "../../src/protocol/client-frames.ts";
import { encodeOperations, formOf } from "../../src/protocol/frame-form.ts";
import { serverFrames } from "../../src/protocol/frame-schemas.ts";
import { limits } from "../../src/protocol/limits.ts";
import { encodeError } from "../../src/protocol/server-frames.ts";
import { subprotocol } from "../../src/protocol/subprotocol.ts";

/** What a toy server may do wrong. */
export const faults = {
  echo: "sends an author its own operation",
  "early ack": "acknowledges before what is below has been sent",
  "double apply": "applies a repeat again",
  "no comparison": "takes any operation under an accepted seq for a repeat",
  "tie-break": "puts the later of two inserts at one place first",
  "version gap": "leaves out every fifth version",
  talkative: "greets before it is spoken to",
  "broadcast to strangers": "sends operations to sockets that never said hello",
  "no version for nothing": "gives no version to an operation of which nothing is left",
  "untold actor": "never tells who an actor is",
  forgetful: "does not know the client id again on a new socket",
  strict: "refuses unknown frames",
  fragile: "closes the socket on a bad frame",
  unbounded: "keeps no limit",
  "lenient position": "takes a position past the end for the end",
  "deaf ping": "does not answer ping",
  "wrong hash": "tells another hash than the text's",
  "presence echo": "shows a client its own presence",
  "half short": "announces the short form, and acknowledges in the long one",
} as const;

export type FaultName = keyof typeof faults;

interface Entry {
  operation: Operation;
  actor: number;
  seq: number;
  submitted: string;
}

interface Toy {
  text: Text;
  version: number;
  /** By version. */
  log: Map<number, Entry>;
  actors: Map<string, { actor: number; seq: number; versionOf: Map<number, number> }>;
  sockets: Map<WebSocket, { clientId: string | undefined; told: Set<number>; short: boolean }>;
  knowsShort: boolean;
}

/**
 * Every name is a document, empty at first; nothing is stored; every token is good. With one fault, or none; with the short
 * form, or as servers were before there was one.
 */
export async function startToyServer(
  fault?: FaultName,
  { knowsShort = true } = {},
): Promise<{ url: string; stop(): void }> {
  const documents = new Map<string, Toy>();
  const server = new WebSocketServer({
    port: 0,
    host: "127.0.0.1",
    maxPayload: 4 * limits.frameUnits,
    handleProtocols: () => subprotocol,
  });
  server.on("connection", (socket, request) => {
    const name = request.url ?? "";
    const toy = documents.get(name) ?? newToy(knowsShort);
    documents.set(name, toy);
    toy.sockets.set(socket, { clientId: undefined, told: new Set(), short: false });
    socket.on("close", () => {
      show(toy, socket, { gone: true });
      toy.sockets.delete(socket);
    });
    if (fault === "talkative") socket.send('{"type":"actors","actors":[]}');
    socket.on("message", (data, isBinary) =>
      receive(toy, socket, isBinary ? undefined : data.toString(), fault),
    );
  });
  await new Promise((resolve) => server.once("listening", resolve));
  return {
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: () => {
      for (const socket of server.clients) socket.terminate();
      server.close();
    },
  };
}

const newToy = (knowsShort: boolean): Toy => ({
  knowsShort,
  text: Text.from(""),
  version: 0,
  log: new Map(),
  actors: new Map(),
  sockets: new Map(),
});

function receive(toy: Toy, socket: WebSocket, message: string | undefined, fault?: FaultName): void {
  if (message === "ping") {
    if (fault !== "deaf ping") socket.send("pong");
    return;
  }
  const frame = decodeClientFrame(message ?? "");
  const refuse = (code: Parameters<typeof encodeError>[0]["code"], fields: object = {}) => {
    if (fault === "fragile") socket.close(1008);
    else socket.send(encodeError({ code, detail: "no", ...fields }));
  };
  if (frame.type === "refused") {
    const isLimit = frame.code === "operation_too_large" && frame.seq !== undefined && fault === "unbounded";
    if (isLimit) socket.send(JSON.stringify({ type: "ack", seq: frame.seq, version: ++toy.version }));
    else refuse(frame.code, frame);
  } else if (frame.type === "unknown") {
    if (fault === "strict") refuse("invalid_frame");
  } else if (frame.type === "hello") {
    greet(toy, socket, frame, fault);
  } else if (frame.type === "submit") {
    submit(toy, socket, frame, refuse, fault);
  } else if (frame.type === "seed") {
    const base = frame.baseVersion ?? toy.version;
    const isClamped = frame.baseVersion === undefined;
    const position = isClamped ? Math.min(frame.position, toy.text.length) : frame.position;
    const deleted = isClamped ? Math.min(frame.deleted, toy.text.length - position) : frame.deleted;
    const parts = [position, frame.inserted, -deleted].filter((part) => part !== 0 && part !== "");
    const verdict = apply(toy, parts as never, base, fault);
    if (frame.userId !== undefined) refuse("user_mismatch", { seed: true });
    else if (typeof verdict === "string") refuse(verdict, { seed: true });
    else {
      commit(toy, verdict, { actor: 999, seq: toy.version + 1, submitted: "" }, undefined, fault);
      socket.send(`{"success":true,"version":${toy.version}}`);
    }
  } else if (frame.type === "presence") {
    if (frame.version === toy.version) show(toy, socket, { selections: frame.selections }, fault);
    else refuse(frame.version > toy.version ? "base_ahead" : "too_old");
  } else if (frame.type === "auth") {
    refuse("invalid_token");
  }
}

function greet(
  toy: Toy,
  socket: WebSocket,
  { clientId, since, lastSeq, short }: Hello,
  fault?: FaultName,
): void {
  for (const [other, session] of toy.sockets)
    if (other !== socket && session.clientId === clientId) other.close(4409);
  const known = fault === "forgetful" ? undefined : toy.actors.get(clientId);
  const self = known ?? { actor: toy.actors.size + 1, seq: 0, versionOf: new Map() };
  toy.actors.set(clientId, self);
  const told = new Set([...toy.actors.values()].map(({ actor }) => actor));
  const isShort = toy.knowsShort && short === true;
  toy.sockets.set(socket, { clientId, told, short: isShort });
  const items = [...toy.log]
    .filter(([version]) => version > (since ?? 0))
    .map(([, { operation, actor, seq }]) => ({ op: operation, actor, seq }));
  socket.send(
    JSON.stringify({
      type: "welcome",
      protocol: subprotocol,
      ...(isShort && { short: true }),
      version: toy.version,
      epoch: "toy",
      ...(since !== undefined && lastSeq !== undefined
        ? { operations: { from: since + 1, items } }
        : { text: toy.text.toString() }),
      hash: fault === "wrong hash" ? toy.text.length : toy.text.hash(),
      role: "owner",
      expires_at: 4_102_444_800,
      actor: self.actor,
      actors: [...told].map((actor) => ({ actor, user_id: "toy", kind: "person" })),
      presence: [],
      last_seq: self.seq,
      horizon: 0,
      limits: announced,
    }),
  );
}

/** Whatever a welcome announces; those that the toy keeps are the real ones. */
const announced = {
  ...Object.fromEntries(
    Object.keys(serverFrames.welcome.shape.limits.shape).map((name) => [name, 1_000_000]),
  ),
  frame_units: limits.frameUnits,
  insert_units: limits.insertUnits,
};

/** The operation at the newest version, or why not. */
function apply(toy: Toy, submitted: Operation, base: number, fault?: FaultName) {
  if (base > toy.version) return "base_ahead" as const;
  let operation = submitted;
  for (let version = base + 1; version <= toy.version; version++) {
    const over = toy.log.get(version)?.operation;
    if (over) operation = transform(operation, over, fault === "tie-break" ? "earlier" : "later");
  }
  const misfit = toy.text.check(operation);
  if (misfit === "out_of_range" && fault === "lenient position") return [] as never as Operation;
  return misfit ?? operation;
}

function commit(
  toy: Toy,
  operation: Operation,
  by: Omit<Entry, "operation">,
  author: WebSocket | undefined,
  fault?: FaultName,
): void {
  toy.text.apply(operation);
  toy.version += fault === "version gap" && (toy.version + 1) % 5 === 0 ? 2 : 1;
  toy.log.set(toy.version, { operation, ...by });
  const list = { from: toy.version, items: [{ op: operation, actor: by.actor, seq: by.seq }] };
  for (const [socket, session] of toy.sockets) {
    if (socket === author && fault !== "echo") continue;
    if (session.clientId === undefined && fault !== "broadcast to strangers") continue;
    if (!session.told.has(by.actor) && fault !== "untold actor") {
      session.told.add(by.actor);
      socket.send(
        JSON.stringify({ type: "actors", actors: [{ actor: by.actor, user_id: "toy", kind: "person" }] }),
      );
    }
    const frame = encodeOperations(formOf(session), list);
    if (fault === "early ack") setTimeout(() => socket.send(frame), 5);
    else socket.send(frame);
  }
}

function submit(
  toy: Toy,
  socket: WebSocket,
  frame: Submit,
  refuse: (code: Parameters<typeof encodeError>[0]["code"], fields: object) => void,
  fault?: FaultName,
): void {
  const { seq, base, operation } = frame;
  const self = toy.actors.get(toy.sockets.get(socket)?.clientId ?? "");
  if (!self) {
    refuse("hello_required", { seq });
    return;
  }
  const submitted = JSON.stringify([base, operation]);
  const short = toy.sockets.get(socket)?.short === true && fault !== "half short";
  const ack = (version: number) => socket.send(formOf({ short }).ack(seq, version));
  const first = self.versionOf.get(seq);
  if (first !== undefined && fault !== "double apply") {
    if (toy.log.get(first)?.submitted === submitted || fault === "no comparison") ack(first);
    else refuse("seq_reused", { seq });
    return;
  }
  const verdict = seq > self.seq + 1 ? "seq_gap" : apply(toy, operation, base, fault);
  if (typeof verdict === "string") {
    refuse(verdict, { seq });
    return;
  }
  self.seq = Math.max(self.seq, seq);
  if (verdict.length > 0 || fault !== "no version for nothing") {
    commit(toy, verdict, { actor: self.actor, seq, submitted }, socket, fault);
  }
  self.versionOf.set(seq, toy.version);
  ack(toy.version);
}

/** Shown as it comes, without mapping: the positions are of the newest version, or refused. */
function show(
  toy: Toy,
  socket: WebSocket,
  item: { selections?: unknown; gone?: true },
  fault?: FaultName,
): void {
  const actor = toy.actors.get(toy.sockets.get(socket)?.clientId ?? "")?.actor;
  if (actor === undefined) return;
  const shown = item.gone
    ? { actor, gone: true }
    : { actor, user_id: "toy", name: "Toy", kind: "person", color: "#123456", ...item };
  for (const [other, { clientId }] of toy.sockets) {
    if (clientId === undefined || (other === socket && fault !== "presence echo")) continue;
    other.send(JSON.stringify({ type: "presence", version: toy.version, items: [shown] }));
  }
}
