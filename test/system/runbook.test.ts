import { execFile } from "node:child_process";
import { globSync, readdirSync, readFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import packageJson from "../../package.json" with { type: "json" };
import { wranglerBin, wranglerEnv } from "../../scripts/wrangler.ts";

/** What an operator is told to do, at a time when nobody can look whether it is right. */
const pages = ["runbook", "deploying", "backup"]
  .map((name) => readFileSync(`docs/${name}.md`, "utf8"))
  .join("\n");
const code = [
  ...[...pages.matchAll(/```sh\n([\s\S]*?)```/g)].flatMap(([, block = ""]) => block.split("\n")),
  ...[...pages.replaceAll(/```[\s\S]*?```/g, "").matchAll(/`([^`]+)`/g)].map(([, span = ""]) => span),
].map((line) => line.replace(/ {2,}#.*$/, "").trim());
const sources = globSync("src/**/*.ts").map((file) => readFileSync(file, "utf8"));

const optionsOf = (command: string) => command.match(/(?<= )--[a-z][a-z-]*/g) ?? [];

describe("docs/runbook.md, docs/deploying.md and docs/backup.md", () => {
  const scripts = code.flatMap((line) => [...line.matchAll(/npm run ([\w:-]+)(?: -- (.*))?/g)]);
  it.each(scripts.map(([all, name = "", rest = ""]) => [all, name, rest]))("%s", (_, name, rest) => {
    const command = (packageJson.scripts as Record<string, string>)[name];
    expect(command, name).toBeDefined();
    const file = /scripts\/[\w-]+\.ts/.exec(command ?? "")?.[0];
    if (!file) return;
    const source = readFileSync(file, "utf8");
    for (const option of optionsOf(` ${rest}`)) expect(source, option).toContain(option);
  });

  const commands = [
    ...new Set(code.flatMap((line) => line.match(/(?<=npx wrangler ).+?(?=$| <|, )/g) ?? [])),
  ];
  it("name commands of wrangler that there are, with options that they have", async () => {
    expect(commands.length).toBeGreaterThan(10);
    const helps = new Map<string, Promise<string>>();
    const help = (words: string) =>
      promisify(execFile)(process.execPath, [wranglerBin, ...words.split(" "), "--help"], {
        env: { ...wranglerEnv, NO_COLOR: "1", FORCE_COLOR: "0" },
      }).then(({ stdout }) => stdout);
    for (const command of commands) {
      const words = (/^[a-z\d-]+(?: [a-z-]+)*/.exec(command)?.[0] ?? "").replace(/ (materi|--).*$/, "");
      const told = await (helps.get(words) ?? help(words));
      helps.set(words, Promise.resolve(told));
      expect(told.split("\n")[0], command).toMatch(new RegExp(`^wrangler ${words}\\b`));
      expect(told, `${command} is a group of commands`).not.toContain("\nCOMMANDS");
      for (const option of optionsOf(` ${command}`)) expect(told, `${command}: ${option}`).toContain(option);
    }
  }, 120_000);

  const routes = code.flatMap((line) => [
    ...[...line.matchAll(/^admin ([A-Z]+) "?(\/[^\s"?]+)/g)].map(
      ([, method, path]) => `${method} /admin${path}`,
    ),
    ...[...line.matchAll(/^(GET|POST|PUT|PATCH|DELETE) \/api\/v1(\/\S+)/g)].map(
      ([, method, path]) => `${method} ${path}`,
    ),
    ...[...line.matchAll(/\$URL(\/health\S*)/g)].map(([, path]) => `GET ${path}`),
  ]);
  it.each([...new Set(routes)])("%s", (route) => {
    const known = readFileSync("docs/authorization.md", "utf8");
    const path = route.replaceAll(/\/(USER_ID|DOCUMENT_ID)\b/g, "/:id");
    expect(known).toContain(`- \`${path}\``);
  });

  const statements = [
    ...pages.matchAll(/--command "([^"]+)"/g),
    ...pages.matchAll(/`(DELETE FROM \w+)`/g),
  ].map(([, sql = ""]) => sql);
  it("name tables and columns of D1 that there are", () => {
    expect(statements.length).toBeGreaterThan(3);
    const database = new DatabaseSync(":memory:");
    const files = readdirSync("migrations").filter((name) => name.endsWith(".sql"));
    for (const name of files.sort()) database.exec(readFileSync(`migrations/${name}`, "utf8"));
    for (const sql of statements) expect(() => database.prepare(sql), sql).not.toThrow();
    database.close();
  });

  const lines = [...new Set(pages.match(/(?<=[Ll]ines? )`[a-z]+_[a-z_]+`(?:, `[a-z]+_[a-z_]+`)*/g) ?? [])];
  it("name lines of the log that are written", () => {
    const names = lines.flatMap((list) => list.match(/[a-z_]+/g) ?? []);
    expect(names.length).toBeGreaterThan(4);
    for (const name of names)
      expect(
        sources.some((source) => source.includes(`"${name}"`)),
        name,
      ).toBe(true);
  });
});
