import { existsSync, globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { inject } from "vitest";

export const { url, checkout, adminToken } = inject("service");
export const password = "correct horse battery";

const executables = [
  process.env.CHROMIUM,
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  chromium.executablePath(),
];

/** Milliseconds that whatever has to come may take, on a busy machine. */
const patience = 60_000;

/** A real Chromium: the machine's own, the one that CHROMIUM names, or Playwright's. */
export async function launch(): Promise<Browser> {
  const executablePath = executables.find((path) => path && existsSync(path));
  if (!executablePath) {
    throw new Error("There is no Chromium: apt-get install chromium, or name one by CHROMIUM=/path/to/it.");
  }
  return chromium.launch({
    executablePath,
    timeout: patience,
    args: process.getuid?.() === 0 ? ["--no-sandbox"] : [],
  });
}

/** A window of its own, with cookies and storage of its own. What the page itself throws fails the test at `close`. */
export async function newWindow(browser: Browser, options: BrowserContextOptions = {}): Promise<Page> {
  const context = await browser.newContext({
    baseURL: url,
    viewport: { width: 1200, height: 760 },
    // Else pictures show colours on their way from one to another.
    reducedMotion: "reduce",
    ...options,
  });
  context.setDefaultTimeout(patience);
  const page = await context.newPage();
  page.on("pageerror", (error) => {
    throw error;
  });
  return page;
}

export interface Person {
  page: Page;
  name: string;
  email: string;
}

/** Somebody who has just made an account, in a window of theirs. */
export async function newPerson(
  browser: Browser,
  name: string,
  options?: BrowserContextOptions,
): Promise<Person> {
  const page = await newWindow(browser, options);
  const email = `${name.toLowerCase().replaceAll(/\W+/g, "-")}-${crypto.randomUUID().slice(0, 8)}@example.com`;
  await page.goto("/register");
  await page.getByLabel("Name").fill(name);
  await page.getByLabel("E-mail address").fill(email);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Create account" }).click();
  await page.getByRole("heading", { name: "Documents", exact: true }).waitFor();
  return { page, name, email };
}

export const editor = (page: Page) => page.locator(".cm-content");

/** Makes a document with this text, and is in it. Answers its path. */
export async function newDocument({ page }: Person, text = ""): Promise<string> {
  await page.goto("/");
  await page.getByRole("button", { name: "New document" }).first().click();
  await editor(page).waitFor();
  if (text) {
    // Keys go to where the focus is, which comes behind the editor.
    await editor(page).focus();
    await page.keyboard.insertText(text);
    await saved(page);
  }
  return new URL(page.url()).pathname;
}

export async function saved(page: Page): Promise<void> {
  await page.getByRole("status").getByText("Saved", { exact: true }).waitFor();
}

/** The text of the open document, line by line as it is shown. */
export async function textOf(page: Page): Promise<string> {
  return (await editor(page).locator(".cm-line").allInnerTexts())
    .map((line) => line.replace(/\n$/, ""))
    .join("\n");
}

/** Waits for something to hold; what it was at last is told if it never does. */
export async function eventually<T>(ask: () => Promise<T>, holds: (answer: T) => boolean): Promise<T> {
  const deadline = Date.now() + patience;
  for (;;) {
    const answer = await ask();
    if (holds(answer)) return answer;
    if (Date.now() > deadline) throw new Error(`It was still ${JSON.stringify(answer)}.`);
    await sleep(50);
  }
}

/** The newest link that was sent to an address, to this page. */
export async function mailedLink(email: string, path: string): Promise<string> {
  // Whole: its file may be half written.
  const link = new RegExp(`http://\\S+${path}#token=[\\w-]{43}(?=\\s)`);
  const found = await eventually(
    async () => {
      for (const file of globSync(join(checkout, ".wrangler/**/*.{txt,eml}"))) {
        const text = readFileSync(file, "utf8");
        const match = link.exec(text);
        if (match && (text.includes(email) || file.includes(email))) return match[0];
      }
      return undefined;
    },
    (answer) => answer !== undefined,
  );
  return found ?? "";
}
