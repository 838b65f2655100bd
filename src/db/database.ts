import { fillPlaceholders, type Query } from "drizzle-orm";
import type { BatchItem } from "drizzle-orm/batch";
import { type DrizzleD1Database, drizzle } from "drizzle-orm/d1";
import { d1Gate } from "./d1-gate.ts";

const databases = new WeakMap<D1Database, Database>();

/**
 * The typed view of D1, one for each binding. `batch` on it is the transaction: all of its statements, or none. Every call goes
 * through the gate of d1-gate.ts, and throws what that throws.
 */
export function database(binding: D1Database): Database {
  const known = databases.get(binding) ?? drizzle(gated(binding));
  databases.set(binding, known);
  return known;
}

export type Database = DrizzleD1Database;

const preparations: ((db: Database) => unknown)[] = [];

/** A query with placeholders, put together once for a database and not at each call: for those that every request makes. */
export function prepared<Query>(prepare: (db: Database) => Query): (db: Database) => Query {
  const queries = new WeakMap<Database, Query>();
  const preparation = (db: Database) => {
    const query = queries.get(db) ?? prepare(db);
    queries.set(db, query);
    return query;
  };
  preparations.push(preparation);
  return preparation;
}

/** Puts together all of them; asks the database nothing. */
export function prepareQueries(db: Database): void {
  for (const prepare of preparations) prepare(db);
}

/**
 * The same of a statement for batches: what is given fills its placeholders. To put together the SQL of a statement takes longer than
 * to send it.
 */
export function preparedItem<Item extends BatchItem<"sqlite"> & { prepare(): { getQuery(): Query } }>(
  prepare: (db: Database) => Item,
): (db: Database, values: Record<string, unknown>) => Item {
  const queryOf = prepared((db) => prepare(db).prepare());
  return (db, values) => {
    const query = queryOf(db);
    const { sql, params } = query.getQuery();
    const filled = { sql, params: fillPlaceholders(params, values) };
    // What a batch asks of its items.
    const item = { _prepare: () => Object.create(query, { getQuery: { value: () => filled } }) };
    return item as unknown as Item;
  };
}

/** The statement of the platform's behind one of ours: what a batch takes. */
const inner = new WeakMap<D1PreparedStatement, { statement: D1PreparedStatement; writes: boolean }>();

/** What drizzle uses of D1, each call through the gate. */
function gated(binding: D1Database): D1Database {
  const used: Pick<D1Database, "prepare" | "batch"> = {
    prepare: (sql) => gatedStatement(binding.prepare(sql), !/^\s*select\b/i.test(sql)),
    batch: <T>(statements: D1PreparedStatement[]) => {
      const all = statements.map((one) => inner.get(one) ?? { statement: one, writes: true });
      return d1Gate.pass(
        () => binding.batch<T>(all.map(({ statement }) => statement)),
        all.some(({ writes }) => writes),
      );
    },
  };
  return used as D1Database;
}

function gatedStatement(statement: D1PreparedStatement, writes: boolean): D1PreparedStatement {
  const used: Pick<D1PreparedStatement, "bind" | "all" | "run"> & { raw<T>(): Promise<T[]> } = {
    bind: (...values) => gatedStatement(statement.bind(...values), writes),
    all: <T>() => d1Gate.pass(() => statement.all<T>(), writes),
    run: <T>() => d1Gate.pass(() => statement.run<T>(), writes),
    raw: <T>() => d1Gate.pass(() => statement.raw<T>(), writes),
  };
  inner.set(used as D1PreparedStatement, { statement, writes });
  return used as D1PreparedStatement;
}
