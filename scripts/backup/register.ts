import type { CloudflareApi } from "../deploy/cloudflare.ts";
import type { Environment } from "../deploy/environment.ts";
import { Failure } from "../deploy/failure.ts";

export type Value = string | number | null;
export type Row = Record<string, Value>;

/** What follows from other tables and from the rooms: the cron makes it anew. */
const derived = /^(document_index|document_search)/;
/** SQLite's, Cloudflare's, and wrangler's list of migrations, which a deployment makes. */
const foreign = /^(sqlite_|_cf_|d1_migrations$)/;
const rowsAtOnce = 1_000;
/** Characters of the JSON of the rows that are written at once: D1 takes values of up to 2 MB. */
const jsonAtOnce = 500_000;

/** The rows of D1, by Cloudflare's API: `wrangler d1 export` refuses databases with a full-text index. */
export class Register {
  readonly #api: CloudflareApi;
  readonly #path: string;

  private constructor(api: CloudflareApi, uuid: string) {
    this.#api = api;
    this.#path = `/d1/database/${uuid}/query`;
  }

  /** Throws Failure where there is none. */
  static async of(api: CloudflareApi, { database }: Environment): Promise<Register> {
    const found = await api.get<{ uuid: string; name: string }[]>(`/d1/database?name=${database}`);
    const one = found?.find(({ name }) => name === database);
    if (!one) throw new Failure(1, `There is no D1 database ${database}: \`npm run deploy\` makes it.`);
    return new Register(api, one.uuid);
  }

  async tables(): Promise<string[]> {
    const rows = await this.#query("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name");
    return rows.map(({ name }) => String(name)).filter((name) => !derived.test(name) && !foreign.test(name));
  }

  /** All rows of a table, page by page; what is written meanwhile may be in them or not. */
  async *rows(table: string): AsyncGenerator<Row[]> {
    for (let last: Value = -1; ; ) {
      const page: Row[] = await this.#query(
        `SELECT rowid AS "@", * FROM "${table}" WHERE rowid > ? ORDER BY rowid LIMIT ${rowsAtOnce}`,
        [last],
      );
      last = page.at(-1)?.["@"] ?? last;
      if (page.length > 0) yield page.map(({ "@": _, ...row }) => row);
      if (page.length < rowsAtOnce) return;
    }
  }

  /** Whether there is a person who is none of these. */
  async hasOthers(ids: ReadonlySet<string>): Promise<boolean> {
    for (let last = ""; ; ) {
      const sql = `SELECT id FROM users WHERE id > ? ORDER BY id LIMIT ${rowsAtOnce}`;
      const page = (await this.#query(sql, [last])).map(({ id }) => String(id));
      if (page.some((id) => !ids.has(id))) return true;
      last = page.at(-1) ?? last;
      if (page.length < rowsAtOnce) return false;
    }
  }

  /** Writes rows that are not there yet. Throws Failure, also where a row refers to one that is still to come. */
  async insert(table: string, rows: readonly Row[]): Promise<void> {
    const names = Object.keys(rows[0] ?? {});
    const columns = names.map((name) => `"${name}"`).join(", ");
    const values = names.map((_, index) => `value ->> ${index}`).join(", ");
    const sql = `INSERT OR IGNORE INTO "${table}" (${columns}) SELECT ${values} FROM json_each(?) WHERE true`;
    let page: string[] = [];
    let size = 0;
    const send = async () => {
      if (page.length > 0) await this.#query(sql, [`[${page.join(",")}]`]);
      page = [];
      size = 0;
    };
    for (const row of rows) {
      const json = JSON.stringify(names.map((name) => row[name]));
      if (size + json.length > jsonAtOnce) await send();
      page.push(json);
      size += json.length;
    }
    await send();
  }

  async #query(sql: string, params: Value[] = []): Promise<Row[]> {
    const [answer] = await this.#api.post<{ results?: Row[] }[]>(this.#path, { sql, params });
    return answer?.results ?? [];
  }
}
