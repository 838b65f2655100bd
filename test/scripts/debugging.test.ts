import { globSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";
import packageJson from "../../package.json" with { type: "json" };

// docs/debugging.md is what somebody holds on to who knows nothing else: what it names has to be there.

const page = readFileSync("docs/debugging.md", "utf8");
const sources = globSync("src/**/*.ts")
  .map((file) => readFileSync(file, "utf8"))
  .join("\n");
const authorization = readFileSync("docs/authorization.md", "utf8");
const metrics = readFileSync("src/platform/metrics.ts", "utf8");
const plays = /const plays[^{]*\{(.*?)\n\};/s.exec(
  readFileSync("src/monitoring/play-faults.ts", "utf8"),
)![1]!;

const all = (pattern: RegExp, text = page) => [
  ...new Set([...text.matchAll(pattern)].map(([, found = ""]) => found)),
];

/** Those that are named and not there. */
const absent = (named: string[], isThere: (name: string) => boolean) => {
  expect(named.length).toBeGreaterThan(0);
  return named.filter((name) => !isThere(name));
};

it("names npm scripts that there are, with options that they have", () => {
  const scripts = packageJson.scripts as Record<string, string>;
  expect(absent(all(/npm run ([\w:-]+)/g), (name) => name in scripts)).toEqual([]);
  for (const [, name = "", option = ""] of page.matchAll(/npm run ([\w:-]+) -- (--[\w-]+|export|replay)/g)) {
    const file = /(?:scripts|test)\/[\w/-]+\.ts/.exec(scripts[name] ?? "")![0];
    expect(readFileSync(file, "utf8"), `${name} ${option}`).toContain(option.replace(/^--/, ""));
  }
});

it("names routes that there are", () => {
  const served = all(/^- `\w+ (\/[^`,?]*)/gm, authorization);
  const named = [...all(/\$URL(\/[\w/$.-]+)/g), ...all(/`(?:GET|PUT|POST|PATCH|DELETE) (\/[^`]+)`/g)];
  const isServed = (path: string) =>
    served.includes(path.replace(/\?.*/, "").replace("/api/v1", "").replace("$DOC", ":id"));
  expect(absent(named, isServed)).toEqual([]);
});

it("names lines of the log, spans and metrics that there are", () => {
  const lines = all(/`([a-z]+_[a-z_]+)`/g).filter((name) =>
    /_(failed|on|error|diverged|disabled|commit|delivery|timeout|unavailable)$/.test(name),
  );
  const isWritten = (name: string) =>
    sources.includes(`"${name}"`) || /^database_(timeout|unavailable)$/.test(name);
  expect(absent(lines, isWritten)).toEqual([]);
  const spans = all(/`([a-z]+\.[a-z]+|[A-Z][A-Za-z]+\.[A-Z][A-Za-z]+|CacheCheck|DatabaseFetch)`/g).filter(
    (name) => !/\.(md|ts|toml)$/.test(name) && !/^session\./.test(name),
  );
  expect(
    absent(spans, (name) => sources.includes(`inSpan("${name}"`) || sources.includes(`"${name}"`)),
  ).toEqual([]);
  expect(absent(all(/`(materi_\w+)`/g), (name) => metrics.includes(`  ${name}: `))).toEqual([]);
});

it("has every fault that can be played, and no other", () => {
  const known = all(/^ {2}"?([\w-]+)"?: /gm, `${plays}\n`).concat(all(/^ {2}"?([\w-]+)"?:/gm, plays));
  const row = page
    .split("\n")
    .filter((line) => line.startsWith("| ["))
    .flatMap((line) => [...line.split("|")[3]!.matchAll(/`([\w-]+)`/g)].map(([, name]) => name!));
  expect(row.toSorted()).toEqual([...new Set(known)].toSorted());
  expect(absent(all(/x-materi-play: ([\w-]+)/g), (name) => known.includes(name))).toEqual([]);
});

it("shows the answers' codes as they are", () => {
  const codes = readFileSync("src/protocol/errors.ts", "utf8");
  const named = [...page.matchAll(/\b([45]\d\d) `(\w+)`/g)];
  expect(named.length).toBeGreaterThan(5);
  for (const [, status, code] of named) expect(codes).toContain(`  ${code}: ${status},`);
});
