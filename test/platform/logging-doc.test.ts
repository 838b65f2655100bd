import { afterEach, expect, it, vi } from "vitest";
import page from "../../docs/logging.md?raw";
import { api, expectProblem, newAccount } from "../support/api.ts";
import { ringCron } from "../support/cron.ts";
import { debugLines } from "../support/debug-lines.ts";

afterEach(() => void vi.restoreAllMocks());

/** The fields in the first column of a section's tables. */
function documented(heading: string): string[] {
  const section = page.split(`## ${heading}\n`)[1]?.split(/^## /m)[0] ?? "";
  return [...section.matchAll(/^\| (`.*?) \|/gm)].flatMap(([, cell = ""]) =>
    [...cell.matchAll(/`(\w+)`/g)].map(([, field = ""]) => field),
  );
}

const common = [
  ...page
    .split("Every line has")[1]!
    .split("## `request`")[0]!
    .matchAll(/^\| `(\w+)` \|/gm),
].map(([, field = ""]) => field);
const onFailure = ["error", "code", "at"];

it("docs/logging.md has the fields of requests, commits, batches and the cron's run, as they are", async () => {
  const lines = debugLines("request", "room_commit", "queue_batch", "cron");
  const { access_token: token } = await newAccount();
  const { body: made } = await api("POST", "/documents", { token, json: { title: "T", content: "one" } });
  await api("PUT", `/documents/${made.id}/content`, {
    token,
    body: "two",
    headers: { "content-type": "text/plain", "if-match": '"v1"' },
  });
  expectProblem(await api("GET", `/documents/${crypto.randomUUID()}`, { token }), "not_found");
  await ringCron();
  await vi.waitFor(
    () => {
      for (const event of ["room_commit", "queue_batch"]) {
        expect(
          lines.filter((line) => line.event === event),
          event,
        ).not.toEqual([]);
      }
    },
    { timeout: 10_000, interval: 100 },
  );
  const sections = {
    request: ["request"],
    room_commit: ["room_commit"],
    "queue_batch` and `cron": ["queue_batch", "cron"],
  };
  for (const [heading, events] of Object.entries(sections)) {
    const seen = lines.filter((line) => events.includes(String(line.event)));
    const fields = new Set(seen.flatMap((line) => Object.keys(line)));
    const said = [...common, ...documented(`\`${heading}\``)].filter((field) => !onFailure.includes(field));
    expect([...fields].sort(), heading).toEqual(
      [...new Set(said)].filter((field) => fields.has(field) || field !== "trace_id").sort(),
    );
  }
});
