// In Node: the validator compiles its schemas to code, which workerd forbids.
import { readFileSync } from "node:fs";
import { Ajv } from "ajv";
import { describe, expect, it } from "vitest";
import { hostileFrames } from "../../scripts/conformance/hostile-frames.ts";
import { asyncApi, frameSchemas } from "../../src/protocol/frame-documents.ts";
import { transcriptsOf } from "../support/transcripts.ts";

const lines = transcriptsOf(readFileSync("docs/protocol.md", "utf8")).flatMap(
  (transcript) => transcript.lines,
);

describe("what is published of the protocol, by an independent validator", () => {
  const ajv = new Ajv({ strict: true, strictRequired: false, strictTuples: false, allowUnionTypes: true });
  ajv.addSchema(frameSchemas(), "frames");
  const validator = (side: "client" | "server") => {
    const validate = ajv.getSchema(`frames#/definitions/${side}`);
    if (!validate) throw new Error(`no schema for ${side}`);
    return (frame: unknown) => validate(frame) === true;
  };

  it("the JSON Schemas accept what docs/protocol.md shows", () => {
    for (const { arrow, frame } of lines) {
      if (arrow === "!" || !frame.startsWith("{")) continue;
      const parsed = JSON.parse(frame);
      // Shown for its refusal.
      if (parsed.op_type === "turn") continue;
      expect(validator(arrow === "→" ? "client" : "server")(parsed), frame).toBe(true);
    }
  });

  it("WR-1: they accept fields that are not known yet", () => {
    expect(validator("server")({ type: "ack", seq: 1, version: 1, later: true })).toBe(true);
    expect(validator("client")({ type: "hello", client_id: "a", later: true })).toBe(true);
  });

  it("they refuse most hostile frames: all but those whose fault JSON Schema has no words for", () => {
    const beyondForm = new Set([
      "out_of_range",
      "splits_surrogate",
      "base_ahead",
      "seq_gap",
      "seq_reused",
      "ack",
    ]);
    const passed: string[] = [];
    let refused = 0;
    for (const { frame, answer, name } of hostileFrames) {
      if (typeof frame !== "string" || beyondForm.has(answer) || answer === "user_mismatch") continue;
      let parsed: unknown;
      try {
        parsed = JSON.parse(frame);
      } catch {
        continue;
      }
      if (!validator("client")(parsed)) refused += 1;
      else passed.push(name);
    }
    expect(refused).toBeGreaterThan(180);
    expect(passed.length, passed.join("\n")).toBeLessThan(25);
  });

  it("the AsyncAPI document is one, by the schema of AsyncAPI 3.0.0", () => {
    // Its formats are of no matter here, and it is not written for the strict mode.
    const lenient = new Ajv({ strict: false, validateFormats: false });
    const path = "node_modules/@asyncapi/specs/schemas/3.0.0-without-$id.json";
    const validate = lenient.compile(JSON.parse(readFileSync(path, "utf8")));
    const document = JSON.parse(JSON.stringify(asyncApi(new URL("http://localhost:8787"))));
    expect(validate(document), JSON.stringify(validate.errors)).toBe(true);
    expect(validate({ ...document, channels: { document: { address: 5 } } })).toBe(false);
  });

  it("every reference within the documents leads somewhere", () => {
    for (const document of [frameSchemas(), asyncApi(new URL("http://localhost"))]) {
      const references = [...JSON.stringify(document).matchAll(/"\$ref":"#\/([^"]+)"/g)].map(
        ([, path = ""]) => path,
      );
      expect(references.length).toBeGreaterThan(5);
      for (const path of references) {
        let at: unknown = document;
        for (const step of path.split("/")) at = (at as Record<string, unknown> | undefined)?.[step];
        expect(at, path).toBeDefined();
      }
    }
  });
});
