// The library's own keeping of unsaved edits, on the real IndexedDB and the real locks of a browser.
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { launch, password } from "./browser.ts";
import { bundled, newTab } from "./library-in-page.ts";

declare const materi: typeof import("../../src/client/index.ts") &
  typeof import("../../src/client/offline/index.ts");

let browser: Browser;
let library: string;
beforeAll(async () => {
  browser = await launch();
  library = await bundled(["src/client/index.ts", "src/client/offline/index.ts"]);
});
afterAll(() => browser.close());

/** Opens the document in the tab as `session`, with what this person's browser keeps. */
const open = (tab: Page, documentId: string) =>
  tab.evaluate(async (id) => {
    const client = new materi.MateriClient();
    const user = await client.auth.resume();
    const store = new materi.IndexedDbOutboxStore(user!.id);
    const session = client.open(id, { offline: materi.keepOffline(store), retry: { first: 50, most: 500 } });
    await session.ready();
    Object.assign(globalThis, { client, session, store });
  }, documentId);

const type = (tab: Page, text: string) =>
  tab.evaluate((typed) => {
    const { session } = globalThis as unknown as { session: InstanceType<typeof materi.DocumentSession> };
    for (const letter of typed) session.edit(materi.insertion(session.length, letter));
  }, text);

const state = (tab: Page) =>
  tab.evaluate(async () => {
    const { session, store } = globalThis as unknown as {
      session: InstanceType<typeof materi.DocumentSession>;
      store: InstanceType<typeof materi.IndexedDbOutboxStore>;
    };
    return {
      status: session.status,
      text: session.text,
      isKept: session.isKept,
      rows: (await store.read("")).length,
    };
  });

/** Cuts the network. What is typed before a page has heard of it may still be saved. */
async function goOffline(context: BrowserContext, ...tabs: Page[]): Promise<void> {
  await context.setOffline(true);
  for (const tab of tabs) await expect.poll(() => state(tab)).toMatchObject({ status: { kind: "offline" } });
}

async function newDocument(context: BrowserContext): Promise<string> {
  const tab = await newTab(context, library);
  const id = await tab.evaluate(
    async (account) => {
      const client = new materi.MateriClient();
      await client.auth.register(account);
      return (await client.documents.create({ title: "Kept", content: "." })).id;
    },
    { email: `kept-${crypto.randomUUID()}@example.com`, password, name: "Ann" },
  );
  await tab.close();
  return id;
}

it("CL-2: what was typed offline outlives the page, and is in the text once, by whichever tab comes next", async () => {
  const context = await browser.newContext({ bypassCSP: true });
  const id = await newDocument(context);
  const first = await newTab(context, library);
  await open(first, id);
  await type(first, "a");
  await expect
    .poll(() => state(first))
    .toMatchObject({ status: { kind: "saved" }, text: ".a", isKept: true });
  await goOffline(context, first);
  await type(first, "bc");
  await expect.poll(() => state(first)).toMatchObject({ status: { kind: "offline", edits: 2 } });
  await expect.poll(async () => (await state(first)).rows).toBeGreaterThan(0);
  // It dies: nothing of it runs any more.
  await first.close({ runBeforeUnload: false });
  await context.setOffline(false);
  const next = await Promise.all([
    newTab(context, library),
    newTab(context, library),
    newTab(context, library),
  ]);
  await Promise.all(next.map((tab) => open(tab, id)));
  for (const tab of next) {
    await expect.poll(() => state(tab)).toMatchObject({ status: { kind: "saved" }, text: ".abc" });
  }
  // And then nothing is left behind.
  await expect.poll(async () => (await state(next[0]!)).rows).toBe(0);
  await context.close();
});

it("what two tabs typed offline is taken over by one that comes after both", async () => {
  const context = await browser.newContext({ bypassCSP: true });
  const id = await newDocument(context);
  const tabs = await Promise.all([newTab(context, library), newTab(context, library)]);
  for (const tab of tabs) await open(tab, id);
  for (const tab of tabs) await expect.poll(() => state(tab)).toMatchObject({ status: { kind: "saved" } });
  await goOffline(context, ...tabs);
  await type(tabs[0]!, "one");
  await type(tabs[1]!, "two");
  await expect.poll(async () => (await state(tabs[0]!)).rows).toBe(4);
  for (const tab of tabs) await tab.close();
  await context.setOffline(false);
  const next = await newTab(context, library);
  await open(next, id);
  await expect.poll(() => state(next)).toMatchObject({ status: { kind: "saved" } });
  const { text } = await state(next);
  expect([...text].sort()).toEqual([...".onetwo"].sort());
  await context.close();
});

it("a page with edits that are not saved asks before it goes, and one without does not", async () => {
  const context = await browser.newContext({ bypassCSP: true });
  const id = await newDocument(context);
  const tab = await newTab(context, library);
  await open(tab, id);
  const asks = () => tab.evaluate(() => !dispatchEvent(new Event("beforeunload", { cancelable: true })));
  await tab.evaluate(() => {
    const { session } = globalThis as unknown as { session: InstanceType<typeof materi.DocumentSession> };
    materi.guardUnload(session);
  });
  await expect.poll(() => state(tab)).toMatchObject({ status: { kind: "saved" } });
  expect(await asks()).toBe(false);
  await goOffline(context, tab);
  await type(tab, "x");
  expect(await asks()).toBe(true);
  await context.setOffline(false);
  await expect.poll(() => state(tab)).toMatchObject({ status: { kind: "saved" } });
  expect(await asks()).toBe(false);
  await context.close();
});
