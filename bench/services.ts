import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { type Server, startServer } from "../test/support/server.ts";
import { stayOn } from "./cores.ts";
import type { Bench } from "./workload.ts";

interface Stoppable {
  stop(): Promise<void>;
}

/** Services under test, each started when it is first asked for, on the first core; this process is on the second. In a smoke, wherever there is time. */
export class Services implements Bench {
  readonly seconds: number;
  readonly all: boolean;
  readonly peers: boolean;
  readonly isSmoke: boolean;
  readonly #folder: string;
  readonly #started = new Map<string, Promise<Stoppable>>();

  /** `store`: the folder in which they keep what they store. */
  constructor(of: { seconds: number; all: boolean; peers: boolean; store: string; isSmoke: boolean }) {
    const { seconds, all, peers, store, isSmoke } = of;
    this.seconds = seconds;
    this.all = all;
    this.peers = peers;
    this.#folder = mkdtempSync(join(store, "materi-bench-"));
    this.isSmoke = isSmoke;
    if (!isSmoke) stayOn(1);
  }

  server(entry: string, settings: Record<string, string> = {}, v8Flags = ""): Promise<Server> {
    // The service with rooms that can be filled is the service, too: a smoke makes one less of them.
    const main = this.isSmoke && entry === "src/index.ts" ? "bench/filled/worker.ts" : entry;
    const name = `${main} ${JSON.stringify(settings)} ${v8Flags}`;
    return this.service(name, async (persist) => {
      const server = await startServer({ main, settings, v8Flags, persist });
      const { restart } = server;
      server.restart = (flags) => this.#onFirstCore(() => restart(flags));
      return server;
    });
  }

  service<T extends Stoppable>(name: string, start: (folder: string) => Promise<T>): Promise<T> {
    const started = this.#started.get(name) ?? this.#start(start);
    this.#started.set(name, started);
    return started as Promise<T>;
  }

  async #start(start: (folder: string) => Promise<Stoppable>): Promise<Stoppable> {
    const folder = join(this.#folder, String(this.#started.size));
    mkdirSync(folder);
    return this.#onFirstCore(() => start(folder));
  }

  /** A process that is started stays where this one is at that moment. */
  async #onFirstCore<T>(start: () => Promise<T>): Promise<T> {
    if (this.isSmoke) return start();
    stayOn(0);
    try {
      return await start();
    } finally {
      stayOn(1);
    }
  }

  async stop(): Promise<void> {
    await Promise.allSettled([...this.#started.values()].map(async (service) => (await service).stop()));
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
