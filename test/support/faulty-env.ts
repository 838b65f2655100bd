import { env } from "cloudflare:workers";

/** A fault of something outside of the Worker: it was not reached, or its answer was lost. */
export type FaultKind = "before" | "after";

/** The Worker's bindings, one step of which fails. */
export interface FaultyEnv {
  env: Env;
  /** Whether there were so many steps. */
  struck(): boolean;
  /** The rooms that were asked for. */
  rooms: Set<string>;
}

type Call = (...values: unknown[]) => Promise<unknown>;

/**
 * The bindings, of which the `step`-th call from 1 on (a query or a batch of D1, a call of a room, a message to a queue) fails once:
 * before anything is done, or after it is. What comes then works.
 */
export function faultyEnv(step: number, kind: FaultKind): FaultyEnv {
  let calls = 0;
  const rooms = new Set<string>();
  const counted =
    (call: Call): Call =>
    async (...values) => {
      const strikes = ++calls === step;
      if (strikes && kind === "before") throw new Error("injected: not reached");
      const answer = await call(...values);
      if (strikes) throw new Error("injected: the answer was lost");
      return answer;
    };
  const real = new WeakMap<object, D1PreparedStatement>();
  const statement = (inner: D1PreparedStatement): D1PreparedStatement => {
    const outer = new Proxy(inner, {
      get(target, name) {
        if (name === "bind") return (...values: unknown[]) => statement(target.bind(...values));
        const member = Reflect.get(target, name) as Call;
        return typeof member === "function" ? counted(member.bind(target)) : member;
      },
    });
    real.set(outer, inner);
    return outer;
  };
  const DB = new Proxy(env.DB, {
    get(target, name) {
      if (name === "prepare") return (sql: string) => statement(target.prepare(sql));
      if (name !== "batch") return Reflect.get(target, name);
      return counted((statements) =>
        target.batch((statements as D1PreparedStatement[]).map((one) => real.get(one) ?? one)),
      );
    },
  });
  const stub = (inner: object) =>
    new Proxy(inner, {
      get: (target, name) => counted((...values) => (target as Record<typeof name, Call>)[name]!(...values)),
    });
  const ROOMS = {
    getByName(id: string) {
      rooms.add(id);
      return stub(env.ROOMS.getByName(id));
    },
  };
  const bindings = { ...env, DB, ROOMS, EVENTS: stub(env.EVENTS), DELIVERIES: stub(env.DELIVERIES) };
  return { env: bindings as unknown as Env, struck: () => calls >= step, rooms };
}
