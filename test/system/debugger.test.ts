// A debugger on `npm start -- --inspect`, as docs/debugging.md tells it: what VS Code and Chrome speak is the inspector's protocol
// (https://chromedevtools.github.io/devtools-protocol/).
import { once } from "node:events";
import { readFileSync, rmSync } from "node:fs";
import { SourceMap } from "node:module";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { WebSocket as Socket } from "ws";
import { MateriClient } from "../../src/client/materi-client.ts";
import { insertion } from "../../src/ot/operation.ts";
import { copyOfCheckout, freePort, npmStart, running, type Start, stopped } from "../support/npm-start.ts";

let checkout: string;
let service: Start;
let inspector: Inspector;
let client: MateriClient;

/** What a debugger's connection is used for here. */
class Inspector {
  readonly #socket: Socket;
  readonly #waiting = new Map<number, (message: { result?: unknown; error?: unknown }) => void>();
  readonly #heard: { method: string; params: Record<string, unknown> }[] = [];
  /** The proxy in between has ids of its own, from 1 on. */
  #id = 10_000;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("message", (data) => {
      const message = JSON.parse(String(data));
      // Some commands wrangler answers itself, by the command without a result.
      if (message.id === undefined) this.#heard.push(message);
      else this.#waiting.get(message.id)?.(message);
    });
  }

  static async open(port: number): Promise<Inspector> {
    // The proxy hears of the Worker by itself, perhaps after the first request was answered.
    const target = await vi.waitFor(async () => {
      const answer = await fetch(`http://127.0.0.1:${port}/json`);
      const [first] = (await answer.json()) as { webSocketDebuggerUrl: string }[];
      if (!first) throw new Error("nothing is there to be debugged");
      return first;
    }, 60_000);
    const socket = new Socket(target.webSocketDebuggerUrl);
    await once(socket, "open");
    return new Inspector(socket);
  }

  async call<T>(method: string, params: object = {}): Promise<T> {
    const id = ++this.#id;
    const { result, error } = await new Promise<{ result?: unknown; error?: unknown }>((done) => {
      this.#waiting.set(id, done);
      this.#socket.send(JSON.stringify({ id, method, params }));
    });
    if (error) throw new Error(`${method}: ${JSON.stringify(error)}`);
    return result as T;
  }

  /** What has been told under this name. */
  told<T>(method: string): T[] {
    return this.#heard.filter((message) => message.method === method).map(({ params }) => params as T);
  }

  async next<T>(method: string): Promise<T> {
    const before = this.told(method).length;
    for (;;) {
      const found = this.told<T>(method)[before];
      if (found) return found;
      await sleep(10);
    }
  }

  close(): void {
    this.#socket.close();
  }
}

beforeAll(async () => {
  checkout = copyOfCheckout();
  const [port, inspectorPort] = [await freePort(), await freePort()];
  process.env.INSPECTOR_PORT = String(inspectorPort);
  service = npmStart(checkout, port, "--inspect");
  delete process.env.INSPECTOR_PORT;
  await running(service);
  inspector = await Inspector.open(inspectorPort);
  await inspector.call("Debugger.enable");
  client = new MateriClient({ url: `http://127.0.0.1:${port}` });
  await client.auth.register({ email: "ada@example.com", password: "a long enough password", name: "Ada" });
});
afterAll(async () => {
  inspector?.close();
  await stopped(service);
  rmSync(checkout, { recursive: true });
});

interface Script {
  scriptId: string;
  url: string;
  sourceMapURL: string;
}

/** The Worker as it was bundled, and the way from its lines to those of src/. */
function bundle(): { script: Script; map: SourceMap } {
  const script = inspector
    .told<Script>("Debugger.scriptParsed")
    .find(({ url }) => /\.wrangler\/tmp\/.*\/index\.js$/.test(url));
  if (!script) throw new Error("no script has a source map");
  const file = join(dirname(fileURLToPath(script.url)), script.sourceMapURL);
  return { script, map: new SourceMap(JSON.parse(readFileSync(file, "utf8"))) };
}

interface Paused {
  callFrames: {
    callFrameId: string;
    functionName: string;
    location: { lineNumber: number; columnNumber: number };
  }[];
}

test("a breakpoint in a room stops where the source says, and shows what is there", async () => {
  const { id } = await client.documents.create({ title: "Breakpoints" });
  const session = client.open(id);
  await session.ready();
  const { script, map } = bundle();
  const { scriptSource } = await inspector.call<{ scriptSource: string }>("Debugger.getScriptSource", {
    scriptId: script.scriptId,
  });
  const lines = scriptSource.split("\n");
  const lineNumber = lines.findIndex((line) => /= decodeClientFrame\(/.test(line));
  const source = map.findEntry(lineNumber, lines[lineNumber]!.search(/\S/));
  expect("originalSource" in source && source.originalSource).toMatch(/src\/room\/room\.ts$/);

  const { breakpointId } = await inspector.call<{ breakpointId: string }>("Debugger.setBreakpointByUrl", {
    url: script.url,
    lineNumber,
  });
  const stop = inspector.next<Paused>("Debugger.paused");
  session.edit(insertion(0, "Hello"));
  const { callFrames } = await stop;
  expect(callFrames[0]?.functionName).toBe("receive");
  const { result } = await inspector.call<{ result: { value: string } }>("Debugger.evaluateOnCallFrame", {
    callFrameId: callFrames[0]!.callFrameId,
    // The bundler may have given it another name.
    expression: "arguments[1]",
  });
  expect(JSON.parse(result.value)).toEqual({ submit: [1, 0, ["Hello"]] });
  await inspector.call("Debugger.removeBreakpoint", { breakpointId });
  await inspector.call("Debugger.resume");
  await session.saved();
  expect((await client.documents.get(id)).content).toBe("Hello");
  session.close();
});

test("a CPU profile names what the room spends its time with; a heap snapshot can be taken", async () => {
  const { id } = await client.documents.create({ title: "Profiles" });
  const session = client.open(id);
  await session.ready();
  await inspector.call("Profiler.enable");
  await inspector.call("Profiler.setSamplingInterval", { interval: 100 });
  // Samples are taken when there is time for them: on a busy machine two seconds may have few.
  let names: string[] = [];
  for (let tries = 0; tries < 5 && !names.includes("webSocketMessage"); tries++) {
    await inspector.call("Profiler.start");
    const start = Date.now();
    while (Date.now() - start < 2_000) {
      session.edit(insertion(0, "typed "));
      await session.saved();
    }
    const { profile } = await inspector.call<{
      profile: { nodes: { callFrame: { functionName: string } }[] };
    }>("Profiler.stop");
    names = profile.nodes.map(({ callFrame }) => callFrame.functionName);
  }
  expect(names).toContain("webSocketMessage");

  await inspector.call("HeapProfiler.enable");
  await inspector.call("HeapProfiler.takeHeapSnapshot", { reportProgress: false });
  const snapshot = inspector
    .told<{ chunk: string }>("HeapProfiler.addHeapSnapshotChunk")
    .map(({ chunk }) => chunk)
    .join("");
  expect(JSON.parse(snapshot).strings).toContain("LoadedRoom");
  session.close();
});
