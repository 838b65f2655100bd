import { afterEach, expect, inject, it, vi } from "vitest";
import { api, newAccount, send } from "../support/api.ts";
import { quick, RequestGenerator } from "../support/generated-request.ts";
import { Random } from "../support/ot-random.ts";

const { seed, requests } = inject("generatedRequests");

interface Person {
  token: string;
  /** Makes requests of what this person has met. */
  generator: RequestGenerator;
}

/** Somebody with a document and a workspace to begin with. */
async function newPerson(random: Random): Promise<Person> {
  const { access_token: token } = await newAccount();
  const generator = new RequestGenerator(random);
  const document = await api("POST", "/documents", { token, json: { title: "One", content: "some text" } });
  generator.learn("/api/v1/documents", document.body);
  const workspace = await api("POST", "/workspaces", { token, json: { name: "Many" } });
  generator.learn("/api/v1/workspaces", workspace.body);
  return { token, generator };
}

afterEach(() => void vi.restoreAllMocks());

it(
  `answers ${requests} requests made up from /openapi.json as it says (seed ${seed})`,
  async () => {
    // What broke behind an answer that was fine.
    const errors = vi.spyOn(console, "error").mockImplementation(() => {});
    const traces = new Set<string | undefined>();
    // What requests of files before have left to do bears other traces than these.
    const isOurs = (line: string) => {
      const trace = /"trace_id":"(\w+)"/.exec(line)?.[1];
      return trace === undefined || traces.has(trace);
    };
    const random = new Random(seed);
    const people = [await newPerson(random), await newPerson(random)];
    const statuses = new Map<number, number>();
    const asked = new Set<string>();
    const fulfilled = new Set<string>();
    for (let count = 0; count < requests; count++) {
      const who = random.int(people.length);
      const person = people[who]!;
      // Now and then, for what is another's.
      const { generator } = random.chance(0.1) ? random.pick(people) : person;
      const { operation, method, path, headers, body, broken } = generator.next();
      const token = random.chance(0.9) ? person.token : random.pick([undefined, "forged"]);
      const what = `seed ${seed}, request ${count}: ${method} ${path.slice(0, 300)} ${body?.slice(0, 300) ?? ""} (broken: ${broken})`;
      // It throws at what is not described.
      const answer = await send(method, path, {
        headers,
        ...(token !== undefined && { token }),
        ...(body !== undefined && { body }),
      }).catch((cause: unknown) => {
        throw new Error(what, { cause });
      });
      // An installation may do without Google: then 501 is the answer that is meant.
      if (answer.status !== 501) expect(answer.status, `${what}\n${answer.text}`).toBeLessThan(500);
      traces.add(answer.headers.get("traceparent")?.split("-")[1]);
      expect(errors.mock.calls.map(String).filter(isOurs), what).toEqual([]);
      if (broken) expect(answer.status, `${what}\n${answer.text}`).toBeGreaterThanOrEqual(400);
      statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
      asked.add(operation);
      if (answer.status < 400) {
        fulfilled.add(operation);
        generator.learn(path, answer.body);
      }
      // What ended the sign-in was one of these requests.
      if (answer.status === 401 && token === person.token) people[who] = await newPerson(random);
    }
    const counts = [...statuses].sort().map(([status, times]) => `${status}: ${times}`);
    const inVain = [...asked].filter((operation) => !fulfilled.has(operation));
    const report = `seed ${seed}: ${counts.join(", ")}\nnever fulfilled: ${inVain.join(", ")}`;
    // Else it would find nothing, since it asked in vain.
    if (requests >= 500) {
      expect(asked.size, report).toBeGreaterThan(quick.length * 0.8);
      expect(fulfilled.size, report).toBeGreaterThan(quick.length * 0.5);
    }
  },
  60_000 + requests * 100,
);
