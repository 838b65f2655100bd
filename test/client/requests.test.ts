import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { MateriClient } from "../../src/client/materi-client.ts";
import { MateriError } from "../../src/client/rest/materi-error.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const problem = (status: number, error: string, headers: Record<string, string> = {}) =>
  new Response(JSON.stringify({ error, detail: `It is ${error}.`, request_id: "r1", status }), {
    status,
    headers: { "content-type": "application/problem+json", ...headers },
  });
const json = (body: unknown) =>
  new Response(JSON.stringify(body), { headers: { "content-type": "application/json" } });

/** A client whose service gives these answers, one after the other. Errors are thrown, as by a network that is down. */
function clientOf(...answers: (Response | Error | "never")[]) {
  const asked: { line: string; token: string | null; body: unknown }[] = [];
  const client = new MateriClient({
    url: "http://materi.test/",
    token: (refused) => (refused === undefined ? "first" : "second"),
    fetch: async (url, init) => {
      asked.push({
        line: `${init?.method} ${String(url).replace("http://materi.test/api/v1", "")}`,
        token: new Headers(init?.headers).get("authorization"),
        body: init?.body,
      });
      const answer = answers.shift() ?? new Error("asked too often");
      if (answer === "never") {
        return new Promise((_, reject) =>
          init?.signal?.addEventListener("abort", () => reject(init.signal?.reason)),
        );
      }
      if (answer instanceof Error) throw answer;
      return answer;
    },
  });
  return { client, asked };
}

const failure = async (promise: Promise<unknown>): Promise<MateriError> => {
  const settled = promise.then(
    () => new Error("it succeeded"),
    (error) => error,
  );
  await vi.advanceTimersByTimeAsync(40_000);
  const error = await settled;
  if (!(error instanceof MateriError)) throw error;
  return error;
};

it("sends what is in the path, the body and the query, and the token", async () => {
  const { client, asked } = clientOf(json({ items: [], next_cursor: null }), json({}), json({ version: 3 }));
  await client.history.changes("a/b", { limit: 5 });
  await client.history.name("d", 7, { name: "Draft" });
  await client.documents.replaceContent("d", "text", { base_version: 2 });
  expect(asked).toEqual([
    { line: "GET /documents/a%2Fb/history?limit=5", token: "Bearer first", body: undefined },
    { line: "PUT /documents/d/versions/7/name", token: "Bearer first", body: '{"name":"Draft"}' },
    { line: "PUT /documents/d/content?base_version=2", token: "Bearer first", body: "text" },
  ]);
});

it("never asks for another route than was meant: an id that is missing is a mistake of the caller's", async () => {
  const { client, asked } = clientOf();
  await expect(client.documents.get("")).rejects.toThrow("GET /documents/{id} needs {id}");
  expect(asked).toEqual([]);
});

it("reads a text with its version", async () => {
  const answer = new Response("# Title", {
    headers: { "content-type": "text/plain; charset=utf-8", etag: '"v42"' },
  });
  expect(await clientOf(answer).client.documents.content("d")).toEqual({ text: "# Title", version: 42 });
});

it("has one error class, with the service's code, its words, and the request's id", async () => {
  const error = await failure(clientOf(problem(404, "not_found")).client.documents.get("d"));
  expect(error).toMatchObject({
    name: "MateriError",
    code: "not_found",
    status: 404,
    message: "It is not_found.",
    requestId: "r1",
    isTransient: false,
  });
});

it("asks again for what is only read, after whatever passes by itself", async () => {
  const { client, asked } = clientOf(new TypeError("down"), problem(503, "unavailable"), json({ id: "d" }));
  const got = client.documents.get("d");
  await vi.advanceTimersByTimeAsync(10_000);
  expect(await got).toEqual({ id: "d" });
  expect(asked).toHaveLength(3);
});

it("gives up after four tries", async () => {
  const { client, asked } = clientOf(...Array.from({ length: 9 }, () => new TypeError("down")));
  expect((await failure(client.documents.get("d"))).code).toBe("network");
  expect(asked).toHaveLength(4);
});

it("does not repeat a write of which it does not know what became", async () => {
  for (const answer of [new TypeError("down"), problem(503, "unavailable")]) {
    const { client, asked } = clientOf(answer, json({}));
    expect((await failure(client.documents.create({ title: "Once" }))).isTransient).toBe(true);
    expect(asked).toHaveLength(1);
  }
});

it("repeats a write that bears a key by which the service knows it again", async () => {
  const { client, asked } = clientOf(new TypeError("down"), problem(503, "unavailable"), json({ id: "d" }));
  const created = client.with({ headers: { "idempotency-key": "k" } }).documents.create({ title: "Once" });
  await vi.advanceTimersByTimeAsync(10_000);
  expect(await created).toEqual({ id: "d" });
  expect(asked).toHaveLength(3);
});

it("repeats a write that was refused for coming too often, when it may", async () => {
  const { client, asked } = clientOf(problem(429, "rate_limited", { "retry-after": "7" }), json({ id: "d" }));
  const created = client.documents.create({ title: "Once" });
  await vi.advanceTimersByTimeAsync(6_900);
  expect(asked).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(await created).toEqual({ id: "d" });
});

it("says at once what has to wait for longer than the caller does", async () => {
  const { client } = clientOf(problem(429, "rate_limited", { "retry-after": "3600" }));
  expect(await failure(client.documents.get("d"))).toMatchObject({
    code: "rate_limited",
    retryMs: 3_600_000,
  });
});

it("replaces a token that is refused, once, also for a write", async () => {
  const { client, asked } = clientOf(problem(401, "invalid_token"), json({ id: "d" }));
  expect(await client.documents.create({ title: "Once" })).toEqual({ id: "d" });
  expect(asked.map(({ token }) => token)).toEqual(["Bearer first", "Bearer second"]);
});

it("does not go on with a token that is refused again", async () => {
  const { client, asked } = clientOf(problem(401, "invalid_token"), problem(401, "invalid_token"));
  expect((await failure(client.documents.get("d"))).code).toBe("invalid_token");
  expect(asked).toHaveLength(2);
});

it("ends with its time, and with the caller's signal, whatever it waits for", async () => {
  const late = clientOf("never").client.with({ timeout: 5_000 }).documents.get("d");
  // AbortSignal's clock is the real one, so that of the test cannot hurry it.
  vi.useRealTimers();
  const quick = clientOf("never").client.with({ timeout: 20 }).documents.get("d");
  await expect(quick).rejects.toMatchObject({ code: "timeout", isTransient: true });
  const controller = new AbortController();
  const aborted = clientOf("never").client.with({ signal: controller.signal }).documents.get("d");
  controller.abort("navigated");
  await expect(aborted).rejects.toMatchObject({ code: "aborted", cause: "navigated" });
  late.catch(() => {});
});

it("tells an answer that is none of the service's from one that is", async () => {
  const page = new Response("<h1>Sign in to the hotel</h1>", {
    status: 511,
    headers: { "content-type": "text/html" },
  });
  const error = await failure(clientOf(page).client.documents.create({ title: "x" }));
  expect(error).toMatchObject({ code: "bad_answer", status: 511 });
});
