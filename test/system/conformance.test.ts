import { expect, test } from "vitest";
import { runConformance } from "../../scripts/conformance/run.ts";
import { rest, signIn } from "../../scripts/conformance/trials.ts";
import { startServer } from "../support/server.ts";

test("the service keeps every rule of its protocol, and lives on after a message of 33 MB", async () => {
  const server = await startServer();
  try {
    const api = await signIn({ url: server.url });
    // How long a busy machine takes breaks no rule.
    const trial = rest(api, 60_000);
    const results = await runConformance(trial);
    expect(results.filter(({ outcome }) => outcome !== "pass")).toEqual([]);

    const document = await trial.document("text");
    const bystander = await trial.open(document);
    await bystander.hello();
    const hostile = await trial.open(document);
    await hostile.hello();
    hostile.send(" ".repeat(33 * 1024 * 1024));
    // The platform takes its time: it waits for the rest of the message.
    expect(await hostile.closing()).toBe(1009);
    expect(await bystander.ask({ type: "submit", seq: 1, base: 1, op: [4, "!"] })).toMatchObject({
      version: 2,
    });
  } finally {
    await server.stop();
  }
});
