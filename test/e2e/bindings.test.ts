// The library's textarea and React hooks, in a real browser.
import { readFileSync } from "node:fs";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { MateriClient } from "../../src/client/materi-client.ts";
import { launch, password, url } from "./browser.ts";
import { bundled, newTab } from "./library-in-page.ts";

declare const materi: typeof import("../../src/client/index.ts") &
  typeof import("../../src/client/editors/textarea.ts") &
  typeof import("../../src/client/react/index.ts") &
  typeof import("react") &
  typeof import("react-dom/client");

type Session = InstanceType<typeof materi.DocumentSession>;

let browser: Browser;
let context: BrowserContext;
let library: string;
beforeAll(async () => {
  browser = await launch();
  context = await browser.newContext({ bypassCSP: true });
  library = await bundled(
    ["src/client/index.ts", "src/client/editors/textarea.ts", "src/client/react/index.ts"],
    `export { createElement, StrictMode } from "react"; export { createRoot } from "react-dom/client";`,
  );
});
afterAll(() => browser.close());

/** A tab with a client that is signed in, as `client`. */
async function signedIn(): Promise<Page> {
  const tab = await newTab(context, library);
  await tab.evaluate(
    async (account) => {
      const client = new materi.MateriClient();
      if (!(await client.auth.resume())) await client.auth.register(account);
      Object.assign(globalThis, { client });
    },
    { email: `bound-${crypto.randomUUID()}@example.com`, password, name: "Ann" },
  );
  return tab;
}

const newDocument = (tab: Page, content: string) =>
  tab.evaluate(async (text) => {
    const { client } = globalThis as unknown as { client: InstanceType<typeof materi.MateriClient> };
    return (await client.documents.create({ title: "Bound", content: text })).id;
  }, content);

/** A textarea that is bound to the document, with its session as `session`. */
const bind = (tab: Page, documentId: string) =>
  tab.evaluate(async (id) => {
    const { client } = globalThis as unknown as { client: InstanceType<typeof materi.MateriClient> };
    const session = client.open(id);
    await session.ready();
    document.body.innerHTML = "<textarea rows=9></textarea>";
    materi.bindTextarea(session, document.querySelector("textarea")!);
    Object.assign(globalThis, { session });
  }, documentId);

const value = (tab: Page) => tab.locator("textarea").inputValue();

it("two textareas hold one text, each caret in its place, and undo takes back own edits alone", async () => {
  const [ann, ben] = [await signedIn(), await signedIn()];
  const id = await newDocument(ann, "middle");
  await bind(ann, id);
  await bind(ben, id);
  await ann.locator("textarea").focus();
  await ann.keyboard.press("Control+End");
  await ann.keyboard.type(" end");
  await ben.locator("textarea").focus();
  await ben.keyboard.press("Control+Home");
  await ben.keyboard.type("start ");
  for (const tab of [ann, ben]) await expect.poll(() => value(tab)).toBe("start middle end");
  // Her caret is where it was, in what has become another place.
  await ann.keyboard.type("!");
  for (const tab of [ann, ben]) await expect.poll(() => value(tab)).toBe("start middle end!");
  // All at once, or in parts where the typing stopped for a moment.
  const pressUntil = async (keys: string, text: string) => {
    for (let n = 0; n < "start ".length && (await value(ben)) !== text; n++) await ben.keyboard.press(keys);
  };
  await pressUntil("Control+z", "middle end!");
  for (const tab of [ann, ben]) await expect.poll(() => value(tab)).toBe("middle end!");
  await pressUntil("Control+y", "start middle end!");
  for (const tab of [ann, ben]) await expect.poll(() => value(tab)).toBe("start middle end!");
  const others = () => ann.evaluate(() => (globalThis as unknown as { session: Session }).session.others);
  await expect.poll(others).toMatchObject([{ name: "Ann", selections: [[6, 6]] }]);
  await ann.close();
  await ben.close();
});

it("React's hooks in StrictMode: one session stays, its text, status and presence are followed, and it ends with the component", async () => {
  const [tab, other] = [await signedIn(), await signedIn()];
  const id = await newDocument(tab, "Hello");
  await tab.evaluate((documentId) => {
    const { client } = globalThis as unknown as { client: InstanceType<typeof materi.MateriClient> };
    const sessions: Session[] = [];
    const open = client.open.bind(client);
    client.open = (...args) => {
      const session = open(...args);
      sessions.push(session);
      return session;
    };
    const { createElement: h, StrictMode, createRoot, useDocument, usePresence, useStatus, useText } = materi;
    // biome-ignore lint/correctness/noComponentHookFactories: this function runs once, and elsewhere
    const Page = () => {
      const { session, error } = useDocument(client, documentId);
      const status = useStatus(session);
      const others = usePresence(session);
      const text = useText(session);
      return h(
        "p",
        null,
        `${text} | ${status?.kind} | ${others.map(({ name }) => name)} | ${error?.message}`,
      );
    };
    document.body.innerHTML = "<div></div>";
    const root = createRoot(document.querySelector("div")!);
    root.render(h(StrictMode, null, h(Page)));
    Object.assign(globalThis, { sessions, root });
  }, id);
  const shown = () => tab.locator("p").textContent();
  await expect.poll(shown).toBe("Hello | saved |  | undefined");
  await bind(other, id);
  await other.locator("textarea").focus();
  await other.keyboard.press("Control+End");
  await other.keyboard.type("!");
  await expect.poll(shown).toBe("Hello! | saved | Ann | undefined");
  const states = () =>
    tab.evaluate(() =>
      (globalThis as unknown as { sessions: Session[] }).sessions.map(({ connection }) => connection.state),
    );
  await expect.poll(states).toEqual(["ended", "live"]);
  await tab.evaluate(() => (globalThis as unknown as { root: { unmount(): void } }).root.unmount());
  await expect.poll(states).toEqual(["ended", "ended"]);
  await tab.close();
  await other.close();
});

it("README.md: five lines connect an editor", async () => {
  const lines = /^```js\n([\s\S]*?)^```/m.exec(readFileSync("README.md", "utf8"))?.[1] ?? "";
  expect(lines).toContain("bindTextarea(");
  const account = { email: `reader-${crypto.randomUUID()}@example.com`, password, name: "Ann" };
  const person = new MateriClient({ url });
  await person.auth.register(account);
  const { id } = await person.documents.create({ title: "First", content: "Hello" });
  const tab = await newTab(context, library);
  const code = lines
    .replaceAll(/^import .*$/gm, "")
    .replace("http://localhost:8787", url)
    .replace("ann@example.com", account.email);
  await tab.evaluate(`document.body.innerHTML = "<textarea></textarea>";
    (async ({ MateriClient, bindTextarea }, id) => { ${code} })(materi, "${id}")`);
  await tab.locator("textarea").focus();
  await tab.keyboard.press("Control+End");
  await tab.keyboard.type(" world");
  await expect.poll(async () => (await person.documents.content(id)).text).toBe("Hello world");
  await tab.close();
});
