import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Page } from "playwright-core";
import { expect } from "vitest";

const folder = "dist/screenshots";
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

const looks = [
  { look: "wide", viewport: { width: 1200, height: 760 } },
  { look: "narrow", viewport: { width: 390, height: 780 } },
] as const;

interface Finding {
  id: string;
  impact: string;
  nodes: { html: string }[];
}

/** Pictures of the page, light and dark, wide and narrow; and what would keep somebody from using it. */
export async function lookAt(page: Page, name: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  for (const { look, viewport } of looks) {
    await page.setViewportSize(viewport);
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme });
      await page.screenshot({ path: `${folder}/${name}-${look}-${colorScheme}.png` });
      const findings = await findingsIn(page);
      expect(findings, `${name}, ${look}, ${colorScheme}`).toEqual([]);
    }
    const sideways = await page.evaluate(
      () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
    );
    expect(sideways, `${name}, ${look}: units to scroll sideways`).toBeLessThanOrEqual(0);
  }
  await page.setViewportSize(looks[0].viewport);
  await page.emulateMedia({ colorScheme: "light" });
}

/** What axe-core finds to be serious or worse. */
async function findingsIn(page: Page): Promise<string[]> {
  // Through the debugger, which the page's content security policy does not bind.
  await page.evaluate(axe);
  const { violations } = (await page.evaluate("axe.run()")) as { violations: Finding[] };
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`);
}
