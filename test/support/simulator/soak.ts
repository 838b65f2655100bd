// Simulates until so many operations were accepted: npm run soak -- --operations 10000000 [--seed 1] [--commands 3000]
// A failing run is printed with the one command that brings it back.
import { parseArgs } from "node:util";
import fc from "fast-check";
import { keepFailure, withNote } from "../failure-bundle.ts";
import { program } from "./commands.ts";
import { simulate, Violation } from "./simulation.ts";

const { values } = parseArgs({
  options: {
    operations: { type: "string", default: "1000000" },
    seed: { type: "string", default: String(Date.now() & 0x7fffffff) },
    commands: { type: "string", default: "3000" },
    path: { type: "string" },
  },
});

const wanted = Number(values.operations);
const commands = Number(values.commands);
const started = process.cpuUsage();
const cpuSeconds = () => {
  const { user, system } = process.cpuUsage(started);
  return (user + system) / 1e6;
};
let operations = 0;
let acknowledged = 0;
let runs = 0;
for (let seed = Number(values.seed); operations < wanted; seed++) {
  const property = fc.asyncProperty(program(commands), async (each) => {
    const outcome = await simulate(each);
    operations += outcome.operations;
    acknowledged += outcome.acknowledged;
    runs += 1;
  });
  const details = await fc.check(property, {
    seed,
    numRuns: 50,
    interruptAfterTimeLimit: 300_000,
    ...(values.path !== undefined && { path: values.path, endOnFailure: true }),
  });
  if (details.failed && details.counterexample) {
    console.error(String(details.errorInstance));
    console.error(fc.stringify(details.counterexample));
    const again = `npm run soak -- --commands ${commands} --seed ${seed} --path "${details.counterexamplePath}"`;
    console.error(`again: ${again}`);
    const { errorInstance } = details;
    if (errorInstance instanceof Violation && errorInstance.life)
      console.error(`look: ${keepFailure(`soak-${seed}`, withNote(errorInstance.life(), again))}`);
    process.exit(1);
  }
  const rate = Math.round(operations / cpuSeconds());
  console.log(
    `${operations} operations, ${acknowledged} acks, ${runs} runs, ${rate} operations/s of CPU; seed ${seed}: 0 violations`,
  );
  if (values.path !== undefined) break;
}
