import { expect, test } from "vitest";
import { destructiveStatements } from "../../scripts/check-migrations.ts";

test.each([
  ["a dropped table", "DROP TABLE users;"],
  ["a dropped table, if it is there", "drop  table\nif exists `users`;"],
  ["drizzle-kit's rebuild", "CREATE TABLE `__new_users` (`id` text PRIMARY KEY);"],
  ["a cascade", "CREATE TABLE a (b text REFERENCES c(id) ON DELETE CASCADE);"],
  [
    "a cascade as drizzle-kit writes it",
    "FOREIGN KEY (`b`) REFERENCES `c`(`id`) ON UPDATE no action ON DELETE cascade",
  ],
  ["a fault after a comment", "-- DROP TABLE is refused\nDROP TABLE users;"],
  ["a fault between comments", "/* a */ DROP TABLE users; /* b */"],
])("refuses %s", (_, sql) => {
  expect(destructiveStatements("migrations/0001.sql", sql)).toEqual([
    expect.stringContaining("migrations/0001.sql: "),
  ]);
});

test("names every kind of fault that a migration has", () => {
  const rebuild =
    "CREATE TABLE `__new_a` (b text REFERENCES c(id) ON DELETE CASCADE);\nINSERT INTO `__new_a` SELECT * FROM a;\nDROP TABLE a;";
  expect(destructiveStatements("m.sql", rebuild)).toHaveLength(3);
});

test.each([
  "CREATE TABLE drops (id text); CREATE INDEX i ON drops (id);",
  "ALTER TABLE users ADD COLUMN name text;",
  "CREATE TABLE a (b text REFERENCES c(id) ON UPDATE no action ON DELETE no action);",
  "-- never DROP TABLE users\n/* nor\n ON DELETE CASCADE */\nCREATE TABLE a (id text);",
])("passes %s", (sql) => {
  expect(destructiveStatements("m.sql", sql)).toEqual([]);
});
