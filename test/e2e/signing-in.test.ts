import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { launch, mailedLink, newDocument, newPerson, newWindow } from "./browser.ts";

let browser: Browser;
beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser.close());

test("a password is chosen anew by the e-mailed link, and the old one is worth nothing", async () => {
  const { page, email } = await newPerson(browser, "Grace");
  const elsewhere = await newWindow(browser);
  await elsewhere.goto("/");
  await elsewhere.getByRole("link", { name: "Forgot your password?" }).click();
  await elsewhere.getByLabel("E-mail address").fill(email);
  await elsewhere.getByRole("button", { name: "Send the link" }).click();
  await elsewhere.getByText("a message with a link is on its way").waitFor();
  await elsewhere.goto(await mailedLink(email, "/reset-password"));
  // The token is not left in the address.
  await elsewhere.waitForURL("**/reset-password");
  await elsewhere.getByLabel("New password").fill("a wholly different one");
  await elsewhere.getByRole("button", { name: "Change password" }).click();
  await elsewhere.getByText("Your password is changed").waitFor();
  await elsewhere.getByRole("link", { name: "Sign in" }).click();
  const signIn = async (password: string) => {
    await elsewhere.getByLabel("E-mail address").fill(email);
    await elsewhere.getByLabel("Password").fill(password);
    await elsewhere.getByRole("button", { name: "Sign in" }).click();
  };
  await signIn("correct horse battery");
  await elsewhere.getByText("The e-mail address or the password is wrong.").waitFor();
  await signIn("a wholly different one");
  await elsewhere.getByRole("heading", { name: "Documents", exact: true }).waitFor();
  // Whoever was signed in before is not any more.
  await page.goto("/trash");
  await page.waitForURL("**/sign-in?next=%2Ftrash");
});

test("somebody signs in with Google, and stays signed in over a reload", async () => {
  const page = await newWindow(browser);
  const login = `g-${crypto.randomUUID().slice(0, 8)}@example.com`;
  await page.goto("/trash");
  await page.getByRole("link", { name: "Continue with Google" }).click();
  await page.locator("input[name=login]").fill(login);
  await page.locator("input[name=password]").fill("any");
  await page.locator("button[type=submit]").click();
  const consent = page.getByRole("button", { name: "Continue" });
  await Promise.race([consent.click().catch(() => {}), page.waitForURL("**/trash")]);
  await page.waitForURL("**/trash");
  await page.getByRole("heading", { name: "Trash", exact: true }).waitFor();
  await page.reload();
  await page.getByRole("heading", { name: "Trash", exact: true }).waitFor();
  await page.getByRole("button", { name: /^Your account, g-/ }).waitFor();
});

test("a session that is ended in another window is over in this one, also in an open document", async () => {
  const ada = await newPerson(browser, "Ada");
  await newDocument(ada, "Mine.");
  const other = await newWindow(browser);
  await other.goto("/sign-in");
  await other.getByLabel("E-mail address").fill(ada.email);
  await other.getByLabel("Password").fill("correct horse battery");
  await other.getByRole("button", { name: "Sign in" }).click();
  await other.getByRole("heading", { name: "Documents", exact: true }).waitFor();
  await other.evaluate(async () => {
    const headers = { "content-type": "application/json" };
    const body = JSON.stringify({ cookie: true });
    const { access_token } = await (
      await fetch("/api/v1/auth/refresh", { method: "POST", headers, body })
    ).json();
    await fetch("/api/v1/auth/logout", {
      method: "POST",
      headers: { ...headers, authorization: `Bearer ${access_token}` },
      body: JSON.stringify({ scope: "others" }),
    });
  });
  await ada.page
    .getByText(/not signed in any more|Sign in/)
    .first()
    .waitFor();
});

test("a password is hidden, can be pasted, and password managers know which one is meant", async () => {
  const page = await newWindow(browser);
  const passwordOn = async (path: string, label: string) => {
    await page.goto(path);
    const field = page.getByLabel(label);
    await field.waitFor();
    return { type: await field.getAttribute("type"), autocomplete: await field.getAttribute("autocomplete") };
  };
  const hidden = { type: "password" };
  expect(await passwordOn("/sign-in", "Password")).toEqual({ ...hidden, autocomplete: "current-password" });
  expect(await passwordOn("/register", "Password")).toEqual({ ...hidden, autocomplete: "new-password" });
  expect(await passwordOn("/reset-password", "New password")).toEqual({
    ...hidden,
    autocomplete: "new-password",
  });
  await page.goto("/sign-in");
  await page.getByLabel("E-mail address").fill("a password from elsewhere");
  await page.keyboard.press("Control+a");
  await page.keyboard.press("Control+c");
  await page.getByLabel("Password").focus();
  await page.keyboard.press("Control+v");
  expect(await page.getByLabel("Password").inputValue()).toBe("a password from elsewhere");
});

test("whoever is signed in sees how to sign out, and is out in all windows", async () => {
  const { page } = await newPerson(browser, "Ada");
  const second = await page.context().newPage();
  await second.goto("/trash");
  await second.getByRole("heading", { name: "Trash", exact: true }).waitFor();
  await page.getByRole("button", { name: /^Your account/ }).click();
  await page.getByRole("menuitem", { name: "Sign out" }).click();
  await page.getByRole("heading", { name: "Sign in" }).waitFor();
  await second.getByRole("heading", { name: "Sign in" }).waitFor();
  await page.reload();
  await page.getByRole("heading", { name: "Sign in" }).waitFor();
});
