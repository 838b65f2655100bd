// Law AU-1: whether the time of a refused login tells that there is an account.
//
//   node bench/login-timing.ts [ACCOUNTS]      default 12; each gets 8 wrong passwords, and so do as many absent ones, in turns
//
// Prints the medians, and how often a login of an account took longer than one of none (Mann and Whitney): 50 % is no
// difference, and what lies within the 95 % interval cannot be told from it.
import { startServer } from "../test/support/server.ts";
import { median } from "./median.ts";

const accounts = Number(process.argv[2] ?? 12);
/** Below what one network has on one account (docs/limits.md). */
const attempts = 8;

const server = await startServer();
const post = (path: string, body: object) =>
  fetch(`${server.url}/api/v1/auth/${path}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });

async function timeOfRefusal(email: string): Promise<number> {
  const start = performance.now();
  const answer = await post("login", { email, password: "a wrong password" });
  await answer.text();
  const took = performance.now() - start;
  if (answer.status !== 401) throw new Error(`login answered ${answer.status}`);
  return took;
}

const known: number[] = [];
const absent: number[] = [];
try {
  for (let account = 0; account < accounts; account++) {
    const email = `known-${account}@example.com`;
    const opened = await post("register", { email, password: "a good long password", name: "Known" });
    if (opened.status !== 201) throw new Error(`register answered ${opened.status}`);
    await opened.text();
    for (let attempt = 0; attempt < attempts; attempt++) {
      const measure = [
        async () => known.push(await timeOfRefusal(email)),
        async () => absent.push(await timeOfRefusal(`absent-${account}@example.com`)),
      ];
      for (const one of attempt % 2 ? measure : measure.reverse()) await one();
    }
  }
} finally {
  await server.stop();
}

const pairs = known.flatMap((a) => absent.map((b): number => (a > b ? 1 : a < b ? 0 : 0.5)));
const longer = pairs.reduce((sum, one) => sum + one, 0) / pairs.length;
const n = known.length;
const interval = 1.96 * Math.sqrt((2 * n + 1) / (12 * n * n));
const percent = (part: number) => `${(100 * part).toFixed(1)} %`;
console.log(`${n} refusals of each kind
median with an account   ${median(known).toFixed(1)} ms
median without           ${median(absent).toFixed(1)} ms
longer with an account   ${percent(longer)} (no difference: 50 % ± ${percent(interval)})`);
