// `npm run rotate-keys`: the next step of replacing the key that signs access tokens.
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { type KeySet, nextStep, type Step, stepMs } from "./key-rotation.ts";
import { newSigningKey } from "./local-secrets.ts";

const help = `npm run rotate-keys [-- FILE] [--compromised]

Takes the next of three steps, 15 minutes apart, after which access tokens are signed with a new key. Nobody is logged out.

  FILE            a JSON Web Key Set, the value of the secret SIGNING_KEYS; without it, the local one in .dev.vars.
                  Cloudflare shows no secret, so keep the file where secrets are kept. After every step:
                  npx wrangler secret put SIGNING_KEYS < FILE
  --compromised   all at once: access tokens of the old keys are refused from now on. Clients get new ones by their
                  refresh tokens, so even now nobody is logged out.

Exit codes: 0 done, 1 too early, 2 wrong use.`;

const vars = ".dev.vars";
const line = /^SIGNING_KEYS='(.*)'$/m;

const told: Record<Step, string> = {
  added: "1 of 3: a new key is there; it verifies tokens, and does not sign yet.",
  promoted: "2 of 3: the new key signs; the old one still verifies.",
  retired: "3 of 3: the old key is gone.",
};

function run(): number {
  const { values, positionals } = parseArgs({
    options: { compromised: { type: "boolean" }, help: { type: "boolean" } },
    allowPositionals: true,
  });
  if (values.help || positionals.length > 1) {
    console.log(help);
    return values.help ? 0 : 2;
  }
  const file = positionals[0] ?? vars;
  if (!existsSync(file)) throw new Error(`There is no ${file}. \`npm start\` makes ${vars}.`);
  const text = readFileSync(file, "utf8");
  const old = positionals[0] ? text : line.exec(text)?.[1];
  if (old === undefined) throw new Error(`${file} has no line SIGNING_KEYS='…'.`);
  const set = JSON.parse(old) as KeySet;
  if (!Array.isArray(set.keys)) throw new Error(`${file} holds no JSON Web Key Set.`);
  const now = Date.now();
  const fresh = newSigningKey();
  const outcome = values.compromised
    ? { set: { keys: [fresh] }, step: undefined }
    : nextStep(set, fresh, now);
  if ("notBefore" in outcome) {
    console.error(`Too early: the next step is safe from ${new Date(outcome.notBefore).toISOString()} on.`);
    return 1;
  }
  const json = JSON.stringify(outcome.set);
  const next = positionals[0] ? `${json}\n` : text.replace(line, () => `SIGNING_KEYS='${json}'`);
  // A crash must not leave half a file: the keys are nowhere else.
  writeFileSync(`${file}.new`, next, { mode: 0o600 });
  renameSync(`${file}.new`, file);
  console.log(outcome.step ? told[outcome.step] : "The new key is the only one.");
  console.log(
    `Signing: ${outcome.set.keys[0]?.kid}. Verifying: ${outcome.set.keys.map(({ kid }) => kid).join(", ")}.`,
  );
  if (positionals[0]) console.log(`Now: npx wrangler secret put SIGNING_KEYS < ${file}`);
  if (outcome.step && outcome.step !== "retired") {
    console.log(`Run it again from ${new Date(now + stepMs).toISOString()} on.`);
  }
  return 0;
}

try {
  process.exitCode = run();
} catch (error) {
  console.error(error instanceof SyntaxError ? "The keys are not JSON." : (error as Error).message);
  process.exitCode = 2;
}
