import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  editor,
  eventually,
  launch,
  newDocument,
  newPerson,
  newWindow,
  password,
  saved,
  textOf,
} from "./browser.ts";

let browser: Browser;
beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser.close());

test("what somebody types offline outlives a reload, and is in the document once", async () => {
  const ada = await newPerson(browser, "Ada");
  const path = await newDocument(ada, "Before. ");
  const elsewhere = await newWindow(browser);
  await elsewhere.goto(`/sign-in?next=${encodeURIComponent(path)}`);
  await elsewhere.getByLabel("E-mail address").fill(ada.email);
  await elsewhere.getByLabel("Password").fill(password);
  await elsewhere.getByRole("button", { name: "Sign in" }).click();
  await eventually(
    () => textOf(elsewhere),
    (now) => now === "Before. ",
  );

  const { page } = ada;
  await editor(page).click();
  await page.keyboard.press("Control+End");
  await page.context().setOffline(true);
  // What is typed before the page has heard of it may still be saved.
  await page.getByRole("status").getByText("Offline", { exact: true }).waitFor();
  await page.keyboard.type("Offline. ");
  await page
    .getByRole("status")
    .getByText(/^Offline, \d+ edits? to be saved$/)
    .waitFor();
  // Somebody else goes on meanwhile.
  await editor(elsewhere).click();
  await elsewhere.keyboard.press("Control+Home");
  await elsewhere.keyboard.type("Meanwhile. ");
  await saved(elsewhere);

  page.once("dialog", (dialog) => dialog.accept());
  await page.reload().catch(() => {
    // There is no network to reload from.
  });
  await page.context().setOffline(false);
  await page.goto(path);
  await saved(page);
  const both = "Meanwhile. Before. Offline. ";
  await eventually(
    () => textOf(page),
    (now) => now === both,
  );
  await eventually(
    () => textOf(elsewhere),
    (now) => now === both,
  );
  // It was sent once, and is not kept to be sent again.
  await page.reload();
  await saved(page);
  expect(
    await eventually(
      () => textOf(page),
      (now) => now !== "",
    ),
  ).toBe(both);
});
