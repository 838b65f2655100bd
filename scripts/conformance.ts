// `npm run conformance -- --url ws://host`: tries any server of the socket protocol, rule by rule (docs/conformance.md).
import { parseArgs } from "node:util";
import { type Result, runConformance } from "./conformance/run.ts";
import { named, rest, signIn } from "./conformance/trials.ts";

const usage = `npm run conformance -- --url ws://host[:port] [--email E --password P | --token T] [--document NAME] [--only PC-7] [--json]

  --url        the server; documents are made by its REST interface at the same host
  --email, --password   an account: signed in to, or registered if there is none. Without any, one is made up
  --token      an access token instead
  --document   where there is no REST: NAME-1, NAME-2… are taken as new, empty documents
  --only       one rule
  --json       the results as JSON`;

const options = {
  url: { type: "string" },
  email: { type: "string" },
  password: { type: "string" },
  token: { type: "string" },
  document: { type: "string" },
  only: { type: "string" },
  json: { type: "boolean", default: false },
  help: { type: "boolean", default: false },
} as const;

const signs = { pass: "pass", fail: "FAIL", skip: "skip" } as const;
const print = ({ id, title, outcome, detail }: Result) =>
  console.log(`${signs[outcome]}  ${id.padEnd(6)} ${title}${detail ? `\n      ${detail}` : ""}`);

try {
  const { values } = parseArgs({ options });
  if (values.help || !values.url) {
    console.log(usage);
    process.exit(values.help ? 0 : 2);
  }
  const trial =
    values.document === undefined
      ? rest(await signIn({ ...values, url: values.url }))
      : named(values.url, values.document, values.token ?? "none");
  const results = await runConformance(trial, {
    only: values.only,
    onResult: values.json ? () => {} : print,
  });
  if (values.json) console.log(JSON.stringify(results, undefined, 2));
  const failed = results.filter(({ outcome }) => outcome === "fail").length;
  if (!values.json)
    console.log(
      failed === 0
        ? `\nAll ${results.length} rules hold.`
        : `\n${failed} of ${results.length} rules are broken.`,
    );
  process.exit(failed === 0 ? 0 : 1);
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exit(2);
}
