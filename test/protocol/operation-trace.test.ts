import { createHash, randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import protocol from "../../docs/protocol.md?raw";
import { operationTraceId } from "../../src/protocol/operation-trace.ts";

const bySha256 = (name: string) => createHash("sha256").update(name).digest("hex").slice(0, 32);

describe("TR-1: the trace id of an operation", () => {
  it("is what docs/protocol.md says it is", () => {
    const [, documentId = ""] = /\| version of `(.+?)` \| trace id \|/.exec(protocol) ?? [];
    const rows = [...protocol.matchAll(/^\| (\d+) \| `([0-9a-f]{32})` \|$/gm)];
    expect(rows.length).toBeGreaterThan(2);
    for (const [, version, traceId] of rows)
      expect(operationTraceId(documentId, Number(version))).toBe(traceId);
  });

  it("is the start of SHA-256, whatever the document is called", () => {
    for (let length = 0; length < 300; length++) {
      const name = randomBytes(length).toString("utf8");
      expect(operationTraceId(name, length), JSON.stringify(name)).toBe(bySha256(`${name}:${length}`));
    }
  });
});
