// How long after a keystroke in one window its character is seen in another, both on this machine, through `npm start`:
//
//   node bench/browser/keystroke.ts [KEYS]      default 200, four a second
//
// Prints the quartiles, the 95th percentile and the most, in milliseconds: from the event of the key to the change of the other window's page.
import { existsSync, rmSync } from "node:fs";
import { chromium, type Page } from "playwright-core";
import { copyOfCheckout, freePort, npmStart, running, stopped } from "../../test/support/npm-start.ts";

const keys = Number(process.argv[2] ?? 200);
const executablePath = [process.env.CHROMIUM, "/usr/bin/chromium"].find((path) => path && existsSync(path));

const checkout = copyOfCheckout();
const port = await freePort();
const service = npmStart(checkout, port);
await running(service);
const browser = await chromium.launch({
  ...(executablePath && { executablePath }),
  args: process.getuid?.() === 0 ? ["--no-sandbox"] : [],
});
try {
  const baseURL = `http://127.0.0.1:${port}`;
  const account = { email: "ada@example.com", password: "correct horse battery", name: "Ada" };
  const window = async (path: string): Promise<Page> => {
    const page = await (await browser.newContext({ baseURL })).newPage();
    await page.goto(path);
    return page;
  };
  const writer = await window("/register");
  await writer.getByLabel("Name").fill(account.name);
  await writer.getByLabel("E-mail address").fill(account.email);
  await writer.getByLabel("Password").fill(account.password);
  await writer.getByRole("button", { name: "Create account" }).click();
  await writer.getByRole("button", { name: "New document" }).first().click();
  await writer.locator(".cm-content").waitFor();
  const reader = await window(`/sign-in?next=${encodeURIComponent(new URL(writer.url()).pathname)}`);
  await reader.getByLabel("E-mail address").fill(account.email);
  await reader.getByLabel("Password").fill(account.password);
  await reader.getByRole("button", { name: "Sign in" }).click();
  await reader.locator(".cm-content").waitFor();

  // Both windows count on the machine's clock.
  await writer.evaluate(() => {
    const times: number[] = [];
    Object.assign(globalThis, { times });
    document.addEventListener("keydown", () => times.push(performance.timeOrigin + performance.now()), true);
  });
  await reader.evaluate(() => {
    const times: number[] = [];
    Object.assign(globalThis, { times });
    const root = document.querySelector(".editor")?.shadowRoot;
    if (!root) throw new Error("There is no editor.");
    const typed = () => (root.querySelector(".cm-content")?.textContent ?? "").split("x").length - 1;
    let before = 0;
    new MutationObserver(() => {
      for (const now = typed(); before < now; before++)
        times.push(performance.timeOrigin + performance.now());
    }).observe(root, { subtree: true, childList: true, characterData: true });
  });
  await writer.locator(".cm-content").click();
  await writer.keyboard.type("x".repeat(keys), { delay: 250 });
  await reader.waitForTimeout(1_000);
  const timesIn = (page: Page) => page.evaluate(() => (globalThis as unknown as { times: number[] }).times);
  const [pressed, seen] = await Promise.all([timesIn(writer), timesIn(reader)]);
  if (seen.length !== pressed.length) throw new Error(`${pressed.length} keys, ${seen.length} seen`);
  const took = pressed.map((at, index) => (seen[index] ?? 0) - at).sort((a, b) => a - b);
  const at = (share: number) =>
    Math.round(took[Math.min(took.length - 1, Math.floor(took.length * share))] ?? 0);
  console.log(
    `${keys} keys: 25 % ${at(0.25)} ms, median ${at(0.5)} ms, 75 % ${at(0.75)} ms, 95 % ${at(0.95)} ms, most ${at(1)} ms`,
  );
} finally {
  await browser.close();
  await stopped(service);
  rmSync(checkout, { recursive: true });
}
