import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { codeAt } from "../support/authenticator.ts";
import { eventually, launch, mailedLink, newPerson, newWindow, password } from "./browser.ts";

let browser: Browser;
beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser.close());

test("somebody is invited into a workspace, and reads there without being offered to write", async () => {
  const { page, email } = await newPerson(browser, "Ada");
  const ben = await newPerson(browser, "Ben");
  await page.getByRole("button", { name: "New workspace" }).click();
  await page.getByLabel("Name").fill("Engine");
  await page.getByRole("button", { name: "Create" }).click();
  await page.getByRole("link", { name: "Members" }).click();
  await page.getByLabel("E-mail address").fill(ben.email);
  await page.getByLabel("As", { exact: true }).selectOption("viewer");
  await page.getByRole("button", { name: "Invite" }).click();
  await page.getByText("Not accepted yet").waitFor();
  // The message says who invites.
  await ben.page.goto(await mailedLink(email, "/invitation"));
  await ben.page.getByRole("button", { name: "Join" }).click();
  await ben.page.getByRole("heading", { name: "Engine" }).waitFor();
  await ben.page.getByText("You may read here").waitFor();
  expect(await ben.page.getByRole("button", { name: "New document" }).count()).toBe(0);
  expect(await ben.page.getByRole("link", { name: "Webhooks" }).count()).toBe(0);
  await page.reload();
  await page.getByLabel("Role of Ben").selectOption("editor");
  await eventually(
    async () => {
      await ben.page.reload();
      await ben.page.getByRole("heading", { name: "No documents here yet" }).waitFor();
      return ben.page.getByRole("button", { name: "New document" }).count();
    },
    (count) => count === 1,
  );
});

test("an authenticator is set up, and from then on a password alone does not sign in", async () => {
  const { page, email } = await newPerson(browser, "Grace");
  await page.goto("/settings/security");
  await page.getByRole("button", { name: "Set it up" }).click();
  const secret = await page.getByRole("textbox", { name: "Key" }).inputValue();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Code", { exact: true }).fill(codeAt(secret));
  await dialog.getByRole("button", { name: "Switch it on" }).click();
  await page.getByText("they are not shown again").waitFor();
  const [recoveryCode = ""] = await page
    .getByRole("list", { name: "Recovery codes" })
    .getByRole("listitem")
    .allInnerTexts();
  await page.getByRole("button", { name: "I have kept them" }).click();
  await page.getByText("10 recovery codes left").waitFor();
  const elsewhere = await newWindow(browser);
  await elsewhere.goto("/settings/tokens");
  await elsewhere.getByLabel("E-mail address").fill(email);
  await elsewhere.getByLabel("Password").fill(password);
  await elsewhere.getByRole("button", { name: "Sign in" }).click();
  await elsewhere.getByRole("heading", { name: "One more step" }).waitFor();
  await elsewhere.getByLabel("Code", { exact: true }).fill(recoveryCode);
  await elsewhere.getByRole("button", { name: "Sign in" }).click();
  await elsewhere.waitForURL("**/settings/tokens");
  await elsewhere.getByText("No access tokens").waitFor();
});

test("a file becomes a document, and is found by a word in it", async () => {
  const { page } = await newPerson(browser, "Ada");
  await page.getByLabel("Files to import").setInputFiles([
    { name: "Note G.md", mimeType: "text/markdown", buffer: Buffer.from("It weaves algebraical patterns.") },
    { name: "old.txt", mimeType: "text/plain", buffer: Buffer.from([0x41, 0xe4]) },
  ]);
  await page.getByRole("link", { name: "Note G" }).waitFor();
  await page.getByText("old.txt: This is not UTF-8").waitFor();
  await page.getByLabel("Search all documents").fill("algebra");
  await page.keyboard.press("Enter");
  // The index follows some seconds behind.
  await eventually(
    async () => {
      await page.reload();
      await page.getByText(/Nothing has|Note G/).waitFor();
      return page.locator("mark").allInnerTexts();
    },
    ([hit]) => hit === "algebraical",
  );
});
