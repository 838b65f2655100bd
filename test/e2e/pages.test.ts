import { gzipSync } from "node:zlib";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { editor, eventually, launch, newDocument, newPerson, newWindow, saved } from "./browser.ts";
import { lookAt } from "./look-at.ts";

let browser: Browser;
beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser.close());

test("the ways in", async () => {
  const page = await newWindow(browser);
  await page.goto("/");
  await page.getByRole("heading", { name: "Sign in" }).waitFor();
  await lookAt(page, "sign-in");
  await page.goto("/register");
  await lookAt(page, "register");
  await page.goto("/forgot-password");
  await lookAt(page, "forgot-password");
  await page.goto("/reset-password");
  await lookAt(page, "reset-password");
  await page.goto("/shared#token=none");
  await page.getByLabel("Your name").waitFor();
  await lookAt(page, "shared");
});

/** Bytes of what the browser loads for a page that shows itself for the first time, gzipped as Cloudflare sends it. */
async function firstLoad(page: Page, path: string, isThere: (page: Page) => Promise<void>): Promise<number> {
  const bodies: Promise<Buffer>[] = [];
  page.on("response", (response) => {
    const { pathname } = new URL(response.url());
    if (!pathname.startsWith("/api/")) bodies.push(response.body());
  });
  await page.goto(path);
  await isThere(page);
  return (await Promise.all(bodies)).reduce((sum, body) => sum + gzipSync(body).length, 0);
}

test("a first load is at most 250 kB, of the ways in and of a document", async () => {
  const ada = await newPerson(browser, "Ada");
  const path = await newDocument(ada, "Text.");
  const signIn = await firstLoad(await newWindow(browser), "/", (page) =>
    page.getByRole("heading", { name: "Sign in" }).waitFor(),
  );
  const sameCookies = await ada.page.context().newPage();
  const document = await firstLoad(sameCookies, path, (page) => editor(page).waitFor());
  process.stdout.write(`first load: ways in ${signIn} bytes, a document ${document} bytes, gzipped\n`);
  expect(Math.max(signIn, document)).toBeLessThanOrEqual(250 * 1024);
});

const text = `# The Analytical Engine

It has **no pretensions** to *originate* anything. It can do whatever we know how to order it to perform.

- the store
- the mill

> We may say most aptly that it weaves algebraical patterns.
`;

test("documents and a document", async () => {
  const ada = await newPerson(browser, "Ada Lovelace");
  const { page } = ada;
  await lookAt(page, "documents-none");
  const path = await newDocument(ada, text);
  await page.getByLabel("Title").fill("Notes on the Engine");
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "Share" }).click();
  await page.getByRole("button", { name: "New link" }).click();
  await page.getByLabel("Name of the link").fill("for Charles");
  await page.getByLabel("Whoever has it may").selectOption({ label: "edit" });
  await page.getByRole("button", { name: "Make the link" }).click();
  const link = await page.getByLabel("The new link").inputValue();
  await lookAt(page, "share");
  await page.keyboard.press("Escape");
  const charles = await newWindow(browser);
  await charles.goto(link);
  await charles.getByLabel("Your name").fill("Charles Babbage");
  await charles.getByRole("button", { name: "Open the document" }).click();
  await editor(charles).click();
  await charles.keyboard.press("Control+End");
  await charles.keyboard.type("I find it admirable.");
  await saved(charles);
  await charles.keyboard.press("Shift+Control+ArrowLeft");
  await eventually(
    () => page.locator(".cm-otherName").allInnerTexts(),
    ({ length }) => length === 1,
  );
  await lookAt(page, "document");
  await page.getByRole("button", { name: "Preview" }).click();
  await page.getByRole("article", { name: "Preview" }).waitFor();
  await lookAt(page, "document-preview");
  await page.goto(`${path}/history`);
  await page.getByRole("button", { name: "Who wrote what" }).click();
  await page.getByRole("list", { name: "Who wrote it" }).waitFor();
  await lookAt(page, "history");
  await page.goto("/");
  await page.getByRole("link", { name: "Notes on the Engine" }).waitFor();
  await lookAt(page, "documents");
  await page.goto("/trash");
  await page.getByText("The trash is empty").waitFor();
  await lookAt(page, "trash");
  await page.goto("/shared-with-me");
  await lookAt(page, "shared-with-me");
  await page.goto("/nowhere");
  await page.getByText("There is nothing here").waitFor();
  await lookAt(page, "not-found");
});

test("a workspace, settings and search", async () => {
  const { page } = await newPerson(browser, "Mary Somerville");
  await page.getByRole("button", { name: "New workspace" }).click();
  await page.getByLabel("Name").fill("Mechanism of the Heavens");
  await page.getByRole("button", { name: "Create" }).click();
  await page.getByText("No documents here yet").waitFor();
  await lookAt(page, "workspace");
  await page.getByRole("link", { name: "Members" }).click();
  await page.getByText("Mary Somerville (you)").waitFor();
  await lookAt(page, "workspace-members");
  await page.getByRole("link", { name: "Webhooks" }).click();
  await page.getByText("No webhooks yet").waitFor();
  await lookAt(page, "workspace-webhooks");
  await page.goto("/settings");
  await page.getByLabel("Your name").waitFor();
  await lookAt(page, "settings");
  await page.goto("/settings/security");
  await page.getByText("The account was opened").waitFor();
  await lookAt(page, "settings-security");
  await page.goto("/settings/tokens");
  await page.getByText("No access tokens").waitFor();
  await lookAt(page, "settings-tokens");
  await page.goto("/settings/data");
  await page.getByRole("button", { name: "Export" }).waitFor();
  await lookAt(page, "settings-data");
  await page.goto("/search?q=heavens");
  await page.getByText("Nothing has").waitFor();
  await lookAt(page, "search-none");
}, 120_000);
