import { expect, it } from "vitest";
import { divergence } from "../../scripts/replay/report.ts";

it("divergence says where two texts first differ, and whose they are", () => {
  const ann = { name: "ann", text: "the same text" };
  expect(divergence([ann, { ...ann, name: "ben" }])).toBeUndefined();
  expect(divergence([ann, { ...ann, name: "ben" }, { name: "service", text: "the some text" }])).toBe(
    'The texts differ from code unit 5 on: "the same text" (ann, 13), "the some text" (service, 13).',
  );
  expect(divergence([ann, { name: "ben", text: "the same" }])).toBe(
    'The texts differ from code unit 8 on: "the same text" (ann, 13), "the same" (ben, 8).',
  );
});
