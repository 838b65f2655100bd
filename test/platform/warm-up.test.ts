import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { database, prepared, prepareQueries } from "../../src/db/database.ts";
import { sessions } from "../../src/db/schema.ts";

describe("a starting isolate", () => {
  it("puts the queries of every request together, and none of them again", async () => {
    let times = 0;
    const query = prepared((db) => {
      times += 1;
      return db.select().from(sessions).limit(0).prepare();
    });
    const db = database(env.DB);
    prepareQueries(db);
    expect(times).toBe(1);
    expect(await query(db).all()).toEqual([]);
    expect(times).toBe(1);
  });
});
