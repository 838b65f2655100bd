import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { sql } from "drizzle-orm";
import { afterEach, describe, expect, it, vi } from "vitest";
import { app } from "../../src/app.ts";
import { D1Gate, d1Gate, d1Limits } from "../../src/db/d1-gate.ts";
import { database } from "../../src/db/database.ts";
import { type Answer, api, expectProblem, newAccount } from "../support/api.ts";

const never = new Promise<never>(() => {});

/** D1, of which the statements that `stuck` chooses never answer: before they are done, or after. */
function stuckDatabase(stuck: (sql: string) => boolean, when: "before" | "after"): Env {
  const isStuck = new WeakSet<D1PreparedStatement>();
  const hang = async <T>(call: () => Promise<T>): Promise<T> => {
    if (when === "after") await call();
    return never;
  };
  const wrap = (statement: D1PreparedStatement, text: string): D1PreparedStatement => {
    const bind = statement.bind.bind(statement);
    statement.bind = (...values) => wrap(bind(...values), text);
    if (!stuck(text)) return statement;
    isStuck.add(statement);
    for (const name of ["all", "run", "raw"] as const) {
      const call = statement[name].bind(statement) as () => Promise<never>;
      statement[name] = () => hang(call);
    }
    return statement;
  };
  const DB: Pick<D1Database, "prepare" | "batch"> = {
    prepare: (text) => wrap(env.DB.prepare(text), text),
    batch: (statements) =>
      statements.some((one) => isStuck.has(one))
        ? hang(() => env.DB.batch(statements))
        : env.DB.batch(statements),
  };
  return { ...env, DB: DB as D1Database };
}

async function fetchWith(bindings: Env, method: string, path: string, init: RequestInit): Promise<Answer> {
  const context = createExecutionContext();
  const request = new Request(`https://materi.test/api/v1${path}`, { method, ...init });
  const { status, headers, body } = await app.fetch(request, bindings, context);
  const text = await new Response(body).text();
  await waitOnExecutionContext(context);
  return { status, headers, text, body: JSON.parse(text) };
}

describe("the gate before D1", () => {
  const limits = { inFlight: 2, queued: 3, waitMs: 100, deadlineMs: 200 };
  afterEach(() => vi.useRealTimers());

  it("lets so many calls through at once, in turn, and refuses those for whom there is no place to wait", async () => {
    // Nobody waits too long here, however slow the machine is.
    const gate = new D1Gate({ ...limits, waitMs: 60_000, deadlineMs: 60_000 });
    const entered: (() => void)[] = [];
    const call = () => new Promise<void>((resolve) => entered.push(resolve));
    const all = Array.from({ length: 5 }, () => gate.pass(call, false));
    await expect(gate.pass(call, false)).rejects.toMatchObject({ name: "DatabaseBusy" });
    expect(gate.stats(Date.now())).toMatchObject({ inFlight: 2, queued: 3 });
    expect(entered).toHaveLength(2);
    for (const [index, one] of all.entries()) {
      entered[index]!();
      await one;
      await vi.waitFor(() => expect(entered).toHaveLength(Math.min(5, index + 3)), {
        timeout: 20_000,
        interval: 1,
      });
    }
    expect(gate.stats(Date.now())).toMatchObject({
      inFlight: 0,
      queued: 0,
      longestWaitMs: 0,
      waitCount: 3,
      outcomes: { ok: 5, error: 0, timeout: 0, refused: 1 },
    });
  });

  it("ends what has no answer at its deadline, and what has no place after its wait", async () => {
    const gate = new D1Gate(limits);
    const stuck = [true, false].map((writes) => gate.pass(() => never, writes));
    const waiting = gate.pass(async () => "never made", true);
    await Promise.all([
      expect(waiting).rejects.toMatchObject({ name: "DatabaseBusy" }),
      expect(stuck[0]).rejects.toMatchObject({ name: "DatabaseTimeout", mayHaveHappened: true }),
      expect(stuck[1]).rejects.toMatchObject({ name: "DatabaseTimeout", mayHaveHappened: false }),
    ]);
    expect(gate.stats(Date.now())).toMatchObject({
      inFlight: 0,
      queued: 0,
      outcomes: { ok: 0, timeout: 2, refused: 1 },
    });
  });

  it("forgets calls whose request was cut off, under way or waiting", async () => {
    const gate = new D1Gate(limits);
    // Its timers never ring, and so it never ends.
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"] });
    for (let call = 0; call < limits.inFlight + limits.queued; call++) void gate.pass(() => never, true);
    await scheduler.wait(1);
    await expect(gate.pass(async () => "made", true)).rejects.toMatchObject({ name: "DatabaseBusy" });
    vi.setSystemTime(Date.now() + 1_200);
    expect(gate.stats(Date.now())).toMatchObject({ inFlight: 0, queued: 0 });
    expect(await gate.pass(async () => "made", true)).toBe("made");
  });

  it("counts a call that fails, and hands on its error", async () => {
    const before = d1Gate.stats(Date.now());
    await expect(database(env.DB).run(sql`SELECT * FROM nowhere`)).rejects.toThrow();
    expect(d1Gate.stats(Date.now()).outcomes.error).toBe(before.outcomes.error + 1);
  });

  it("a batch through it is one transaction", async () => {
    const db = database(env.DB);
    const name = `gate_${crypto.randomUUID().replaceAll("-", "")}`;
    await db.run(sql.raw(`CREATE TABLE ${name} (x INTEGER PRIMARY KEY)`));
    const insert = () => db.run(sql.raw(`INSERT INTO ${name} VALUES (1)`));
    await expect(db.batch([insert(), insert()])).rejects.toThrow(/UNIQUE/);
    expect(await db.all(sql.raw(`SELECT x FROM ${name}`))).toEqual([]);
    await db.run(sql.raw(`DROP TABLE ${name}`));
  });
});

describe("a request whose database does not answer", () => {
  it("gets 504; what it was to make is made once, by the same Idempotency-Key", async () => {
    const { access_token } = await newAccount();
    const headers = {
      authorization: `Bearer ${access_token}`,
      "content-type": "application/json",
      "idempotency-key": crypto.randomUUID(),
    };
    const body = JSON.stringify({ title: "Once", content: "and for all" });
    const stuck = stuckDatabase((text) => /^insert into "documents"/i.test(text), "after");
    const [making, reading] = await Promise.all([
      fetchWith(stuck, "POST", "/documents", { headers, body }),
      fetchWith(
        stuckDatabase(() => true, "before"),
        "GET",
        "/users/me",
        { headers },
      ),
    ]);
    expectProblem(making, "timeout");
    expect(making.body.detail).toMatch(/may have been done.*Idempotency-Key/);
    expectProblem(reading, "timeout");
    expect(reading.body.detail).toMatch(/in time\. Try again\.$/);

    const again = await api("POST", "/documents", { token: access_token, headers, body });
    expect(again).toMatchObject({ status: 201, body: { title: "Once", content: "and for all" } });
    const list = await api("GET", "/documents", { token: access_token });
    expect(list.body.items.map(({ id }: { id: string }) => id)).toEqual([again.body.id]);
  });

  it("gets 503 with Retry-After when too many calls wait already", async () => {
    const { access_token } = await newAccount();
    let answer = () => {};
    const gone = new Promise<void>((resolve) => {
      answer = resolve;
    });
    // Others of this isolate may be under way.
    const all = Array.from({ length: d1Limits.inFlight + d1Limits.queued }, () =>
      d1Gate.pass(() => gone, false).catch(() => {}),
    );
    const refused = await api("GET", "/users/me", { token: access_token });
    answer();
    await Promise.all(all);
    expectProblem(refused, "unavailable");
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
    expect((await api("GET", "/users/me", { token: access_token })).status).toBe(200);
  });
});
