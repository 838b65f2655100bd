// Migrations of D1 only add. A rebuilt table takes the rows that cascade from it along, and reports success
// (D1 ignores `PRAGMA foreign_keys = OFF`); drizzle-kit writes such a rebuild as a table named `__new_…`.
import { globSync, readFileSync } from "node:fs";

const forbidden: [RegExp, string][] = [
  [/\bdrop\s+table\b/i, "DROP TABLE"],
  [/__new_/i, "__new_ (a table rebuild)"],
  [/\bon\s+delete\s+cascade\b/i, "ON DELETE CASCADE (delete the rows in the same batch instead)"],
];

/** One line per statement in this migration that may lose rows. */
export function destructiveStatements(path: string, sql: string): string[] {
  const code = sql.replace(/--.*|\/\*[\s\S]*?\*\//g, " ");
  return forbidden.flatMap(([pattern, name]) => (pattern.test(code) ? [`${path}: ${name}`] : []));
}

/** The same for all migrations of the project. */
export function destructiveMigrations(): string[] {
  return globSync("migrations/**/*.sql").flatMap((path) =>
    destructiveStatements(path, readFileSync(path, "utf8")),
  );
}
