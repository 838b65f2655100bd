import { fork } from "node:child_process";
import { once } from "node:events";

export interface NodeServer {
  /** `ws://127.0.0.1:<port>`. */
  url: string;
  stop(): Promise<void>;
}

/** A server in a Node of its own. `file` gets the folder for what it stores as its argument, and sends its port once it listens. */
export async function startNode(file: string, folder: string): Promise<NodeServer> {
  const child = fork(file, [folder]);
  const port = await Promise.race([
    once(child, "message").then(([port]) => port as number),
    once(child, "exit").then(([code, signal]) => {
      throw new Error(`${file} ended before it was ready (${signal ?? code}).`);
    }),
  ]);
  return {
    url: `ws://127.0.0.1:${port}`,
    async stop() {
      const ended = child.exitCode === null && child.signalCode === null ? once(child, "exit") : undefined;
      child.kill("SIGKILL");
      await ended;
    },
  };
}
