import { existsSync, globSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import packageJson from "../../package.json" with { type: "json" };

// GitHub alone can say that a workflow is well-formed (its own parser, @actions/workflow-parser, was asked when these were written);
// what is held here is what it would run without a word.
const workflows = globSync(".github/workflows/*.yml").map(
  (file) => [file.replaceAll("\\", "/"), readFileSync(file, "utf8")] as const,
);
const all = (text: string, pattern: RegExp) => [...text.matchAll(pattern)].map(([, found = ""]) => found);

describe.each(workflows)("%s", (_, text) => {
  it("names each action of others by the hash of a commit, and says which version that is", () => {
    const uses = all(text, /uses: (.+)/g).filter((used) => !used.startsWith("./"));
    for (const used of uses) expect(used).toMatch(/^actions\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
    for (const file of all(text, /uses: \.\/(.+)/g)) expect(existsSync(file)).toBe(true);
  });

  it("may read the repository and nothing else, and keeps no credentials in it", () => {
    expect(all(text, /^permissions:\n((?: {2}.+\n)+)/gm)).toEqual(["  contents: read\n"]);
    expect(text.match(/permissions:/g)).toHaveLength(1);
    expect(text.match(/actions\/checkout/g)).toHaveLength(
      text.match(/persist-credentials: false/g)?.length ?? 0,
    );
    // They would hand what belongs to this repository to whoever opens a pull request.
    expect(text).not.toMatch(/pull_request_target|workflow_run/);
  });

  it("lets no job run without an end", () => {
    expect(text.match(/runs-on:/g)).toHaveLength(text.match(/timeout-minutes:/g)?.length ?? 0);
  });

  it("runs commands that there are", () => {
    for (const command of all(text, /run: (.+)/g)) {
      const [, script] = /^npm run ([\w:-]+)/.exec(command) ?? [];
      if (script) expect(Object.keys(packageJson.scripts)).toContain(script);
      else expect(existsSync(command)).toBe(true);
    }
  });

  it("puts secrets into the environment alone, of jobs that have an environment", () => {
    const jobs = text.split(/^ {2}(?=[a-z]+:\n)/m).slice(1);
    for (const job of jobs.filter((one) => one.includes("secrets.")))
      expect(job).toMatch(/^ {4}environment: /m);
    for (const line of text.split("\n").filter((one) => one.includes("secrets."))) {
      expect(line).toMatch(/^ {10}[A-Z_]+: \$\{\{ secrets\.[A-Z_]+ \}\}$/);
    }
  });
});

it("there is a workflow for checks, and one for deployments", () => {
  expect(workflows.map(([file]) => file.split("/").at(-1)).sort()).toEqual(["ci.yml", "deploy.yml"]);
});
