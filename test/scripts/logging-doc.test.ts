import { globSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";

const events = globSync("src/**/*.ts").flatMap((path) =>
  [
    ...readFileSync(path, "utf8").matchAll(
      /\b(?:log\((?:"\w+"|level), |logAsked\(|inBackground\()\s*(?:[\w ="<>?:${}`.]+[,:] )?"([a-z_]+)"/g,
    ),
  ].map(([, event = ""]) => event),
);

it("docs/logging.md names every event that the service logs, and no other", () => {
  const page = readFileSync("docs/logging.md", "utf8");
  const listed = page.split("## The others")[1]!.split("## On a terminal")[0]!;
  const named = [
    ...["request", "room_commit", "queue_batch", "cron"].filter((event) => page.includes(`\`${event}\``)),
    ...[...listed.matchAll(/^\| (`.*?) \|/gm)].flatMap(([, cell = ""]) =>
      [...cell.matchAll(/`(\w+)`/g)].map(([, event = ""]) => event),
    ),
  ];
  expect(named.toSorted()).toEqual([...new Set(events)].toSorted());
});
