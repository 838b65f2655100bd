import { Agent, request } from "node:http";

/** A request that is made again and again, each time for the next user. */
export interface Asking {
  method: "GET" | "POST";
  url: string;
  headers: Record<string, string>;
  body?: object;
  status: number;
  /** Throws if this is not what the request should have been answered with. */
  check(answer: Record<string, unknown>): void;
}

/** What a load came to. */
export interface Loaded {
  /** Milliseconds that each request took, sorted. */
  waits: number[];
  /** Seconds from the first request to the last answer. */
  seconds: number;
}

/** Keeps so many connections busy for a time, each with one request after the other. Throws if one is not answered as it should be. */
export async function load(
  asked: readonly Asking[],
  { connections, seconds }: { connections: number; seconds: number },
): Promise<Loaded> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const waits: number[] = [];
  const began = performance.now();
  const connection = async (number: number) => {
    const one = asked[number % asked.length];
    while (one && performance.now() - began < seconds * 1_000) {
      const start = performance.now();
      const answer = await ask(agent, one);
      waits.push(performance.now() - start);
      one.check(answer);
    }
  };
  try {
    await Promise.all(Array.from({ length: connections }, (_, number) => connection(number)));
  } finally {
    agent.destroy();
  }
  return { waits: waits.sort((a, b) => a - b), seconds: (performance.now() - began) / 1_000 };
}

function ask(agent: Agent, { method, url, headers, body, status }: Asking): Promise<Record<string, unknown>> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { agent, method, headers }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (chunk) => (text += chunk));
      response.on("error", reject);
      response.on("end", () => {
        if (response.statusCode === status) resolve(JSON.parse(text));
        else reject(new Error(`${method} ${url} answered ${response.statusCode}: ${text}`));
      });
    });
    sent.on("error", reject);
    sent.end(body && JSON.stringify(body));
  });
}
