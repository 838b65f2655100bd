import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { scalingTables } from "../../scripts/cost/audience-costs.ts";

describe("docs/scaling.md", () => {
  it("is what the measured figures come to", () => {
    const page = readFileSync(join(import.meta.dirname, "../../docs/scaling.md"), "utf8");
    const tables = scalingTables();
    expect(page).toContain(tables.measured);
    expect(page).toContain(tables.audiences);
  });
});
