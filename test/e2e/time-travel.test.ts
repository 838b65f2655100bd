import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { insertion } from "../../src/ot/operation.ts";
import { encodeBundle } from "../../src/time-travel/bundle.ts";
import { adminToken, editor, launch, newDocument, newPerson, newWindow, saved } from "./browser.ts";
import { lookAt } from "./look-at.ts";

const folder = mkdtempSync(join(tmpdir(), "materi-travel-"));
let browser: Browser;
beforeAll(async () => {
  browser = await launch();
});
afterAll(async () => {
  await browser.close();
  rmSync(folder, { recursive: true });
});

/** What the page shows of the text. */
const shown = (page: Page) => page.getByRole("main").locator("pre");

/** A life of so many letters, in a file; of `wrong`, the bundle tells another hash. */
function lifeOf(operations: number, wrong = 0): string {
  const path = join(folder, `life-${operations}.ndjson.gz`);
  const text = encodeBundle({
    head: {
      documentId: "1b4e28ba-2fa1-41d2-883f-0016d3cca427",
      epoch: "epoch",
      software: "materi test",
      exportedAt: "2026-11-23T07:00:00.000Z",
      horizon: 0,
      text: "",
      version: operations,
      originsFrom: 0,
      points: [],
      isAnonymized: false,
      note: "A test has failed.",
    },
    actors: new Map([[1, { actor: 1, clientId: "ada-1", userId: "ada", kind: "person" }]]),
    operations: Array.from({ length: operations }, (_, index) => ({
      version: index + 1,
      at: 1_700_000_000_000 + index * 1_000,
      actor: 1,
      seq: index + 1,
      base: Math.max(0, index - (index % 10 === 0 ? 2 : 0)),
      operation: insertion(index, "abcdefghi "[index % 10] ?? ""),
      ...(index + 1 === wrong && { hash: 1 }),
    })),
  });
  writeFileSync(path, gzipSync([...text].join("")));
  return path;
}

test("the operator opens a document's life by its id, scrubs, plays and filters it", async () => {
  const ada = await newPerson(browser, "Ada");
  const path = await newDocument(ada, "Notes on the Engine");
  await editor(ada.page).click();
  await ada.page.keyboard.press("Control+End");
  await ada.page.keyboard.type(", with a secret");
  await saved(ada.page);
  await ada.page.keyboard.press("Control+Backspace");
  await saved(ada.page);

  // Whoever operates the service needs no account.
  const page = await newWindow(browser);
  await page.goto(`/admin${path}`);
  await page.getByLabel("The operator’s token").fill("wrong");
  await page.getByRole("button", { name: "Open its life" }).click();
  await page.getByRole("alert").getByText("This is not the operator's token.").waitFor();
  const token = adminToken;
  await page.getByLabel("The operator’s token").fill(token);
  await page.getByRole("button", { name: "Open its life" }).click();
  await page.getByText("Notes on the Engine, with a").waitFor();
  await expect.poll(() => shown(page).locator("del").textContent()).toBe("secret");
  expect(await page.getByLabel("The operation").textContent()).toContain("person");
  await lookAt(page, "time-travel");

  await page.getByLabel("Go to version").fill("1");
  await page.getByText("transformed over 0").waitFor();
  await expect.poll(() => shown(page).textContent()).toBe("Notes on the Engine");
  await page.getByRole("button", { name: "Play" }).click();
  await shown(page).locator("del").waitFor();
  await page.getByLabel("Filter").fill("secret");
  await page.keyboard.press("Enter");
  await page.getByText(/^\d+ operations$/).waitFor();
  await page.getByRole("complementary", { name: "Operations" }).getByRole("button").first().click();
  await expect.poll(() => shown(page).locator("ins").textContent()).toMatch(/t$/);

  // The token is in the memory of the page alone.
  const kept = await page.evaluate(() =>
    JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie]),
  );
  expect(kept + page.url()).not.toContain(token);
  await page.reload();
  await page.getByLabel("The operator’s token").waitFor();
  expect(await page.getByLabel("The operator’s token").inputValue()).toBe("");
});

test("a bundle's file is opened without the service, where it is wrong first; one that is none is refused", async () => {
  const page = await newWindow(browser);
  await page.goto("/admin/documents");
  await page.getByLabel("A bundle’s file").waitFor();
  await lookAt(page, "time-travel-open");
  const file = page.getByLabel("A bundle’s file");
  await file.setInputFiles({ name: "x.ndjson", mimeType: "text/plain", buffer: Buffer.from("{}\n") });
  await page.getByRole("alert").getByText("Line 1: this is no bundle").waitFor();
  await page.context().setOffline(true);
  await file.setInputFiles(lifeOf(300, 42));
  await page.getByText("Version 42 is not what it should be").waitFor();
  await page.getByText("A test has failed.").waitFor();
  await expect.poll(async () => (await shown(page).textContent())?.length).toBe(42);
});

test("a life of 100,000 operations is scrubbed at once, and only what is seen of it is in the page", async () => {
  const page = await newWindow(browser);
  await page.goto("/admin/documents");
  await page.getByLabel("A bundle’s file").setInputFiles(lifeOf(100_000));
  await page.getByLabel("Go to version").waitFor();
  const rows = page.getByRole("complementary", { name: "Operations" }).getByRole("listitem");
  expect(await rows.count()).toBeLessThan(40);
  const start = Date.now();
  for (const version of [50_000, 3, 99_999, 70_001]) {
    await page.getByLabel("Go to version").fill(String(version));
    await page.getByText(new RegExp(`^${version}, 20`)).waitFor();
    await page
      .locator(`.travel-list [aria-current="true"]`)
      .getByText(new RegExp(`^${version} insert`))
      .waitFor();
  }
  const took = Date.now() - start;
  process.stdout.write(`four jumps in 100,000 operations: ${took} ms\n`);
  expect(took).toBeLessThan(8_000);
});
