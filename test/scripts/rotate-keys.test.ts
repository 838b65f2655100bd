import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type KeySet, stepMs } from "../../scripts/key-rotation.ts";
import { completeSecrets, newSecrets } from "../../scripts/local-secrets.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "materi-keys-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

function rotate(...args: string[]) {
  const script = resolve("scripts/rotate-keys.ts");
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...args], {
    cwd: folder,
    encoding: "utf8",
  });
  return { status, stdout, stderr };
}

/** As if the last step had been taken long enough ago. */
const earlier = (text: string) => text.replace(/"at":(\d+)/, (_, at) => `"at":${Number(at) - stepMs}`);
const secretsIn = (...texts: string[]) => texts.some((text) => /"d"|"keys"/.test(text));

describe("npm run rotate-keys", () => {
  it("AU-9: replaces the key of a file in three steps, and prints no secret", () => {
    const file = join(folder, "keys.json");
    writeFileSync(file, newSecrets().SIGNING_KEYS);
    const read = () => JSON.parse(readFileSync(file, "utf8")) as KeySet;
    const [old] = read().keys;
    for (const keys of [2, 2, 1]) {
      const { status, stdout, stderr } = rotate("keys.json");
      expect(status, stderr).toBe(0);
      expect(stdout).toContain("npx wrangler secret put SIGNING_KEYS < keys.json");
      expect(secretsIn(stdout, stderr)).toBe(false);
      expect(read().keys).toHaveLength(keys);
      expect(statSync(file).mode & 0o777).toBe(0o600);
      if (keys === 2) {
        const before = readFileSync(file, "utf8");
        const early = rotate("keys.json");
        expect(early.status).toBe(1);
        expect(early.stderr).toContain("Too early");
        expect(readFileSync(file, "utf8")).toBe(before);
      }
      writeFileSync(file, earlier(readFileSync(file, "utf8")));
    }
    expect(read().keys[0]?.kid).not.toBe(old?.kid);
  });

  it("replaces the local key in .dev.vars, and leaves everything else there as it is", () => {
    const file = join(folder, ".dev.vars");
    writeFileSync(file, "OTHER='x'\n");
    completeSecrets(file);
    const before = readFileSync(file, "utf8");
    expect(rotate().status).toBe(0);
    const after = readFileSync(file, "utf8");
    const others = (text: string) => text.split("\n").filter((line) => !line.startsWith("SIGNING_KEYS"));
    expect(others(after)).toEqual(others(before));
    expect(JSON.parse(/^SIGNING_KEYS='(.*)'$/m.exec(after)?.[1] ?? "").keys).toHaveLength(2);
  });

  it("leaves nothing of a key that is compromised, at once", () => {
    const file = join(folder, "keys.json");
    const { SIGNING_KEYS } = newSecrets();
    writeFileSync(file, SIGNING_KEYS);
    rotate("keys.json");
    expect(rotate("keys.json", "--compromised").status).toBe(0);
    const { keys } = JSON.parse(readFileSync(file, "utf8")) as KeySet;
    expect(keys).toHaveLength(1);
    expect(SIGNING_KEYS).not.toContain(keys[0]?.kid);
  });

  it("says what is wrong, and quotes no file", () => {
    for (const [text, message] of [
      [undefined, "There is no keys.json"],
      ["not json, a secret", "not JSON"],
      ["{}", "no JSON Web Key Set"],
    ] as const) {
      if (text !== undefined) writeFileSync(join(folder, "keys.json"), text);
      const { status, stderr } = rotate("keys.json");
      expect(status).toBe(2);
      expect(stderr).toContain(message);
      expect(stderr).not.toContain("a secret");
    }
    expect(rotate("a", "b").status).toBe(2);
    expect(rotate("--no-such").status).toBe(2);
    expect(rotate("--help").status).toBe(0);
  });
});
