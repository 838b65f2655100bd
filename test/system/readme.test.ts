import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { startServer } from "../support/server.ts";

it("README.md: what a reader pastes into a second terminal works as it says", async () => {
  const readme = readFileSync("README.md", "utf8");
  const pasted = [...readme.matchAll(/^```sh\n([\s\S]*?)^```/gm)].map(([, block = ""]) => block)[1] ?? "";
  expect(pasted).toContain("localhost:8787");
  const server = await startServer();
  try {
    const script = pasted.replaceAll("localhost:8787", new URL(server.url).host);
    const { stdout } = await promisify(execFile)("bash", ["-euc", script]);
    const [answer = "", document = ""] = stdout.trim().split("\n");
    expect(answer).toBe('{"success":true,"version":1}');
    expect(JSON.parse(document)).toMatchObject({ title: "First", content: "Hello", version: 1 });
  } finally {
    await server.stop();
  }
});
