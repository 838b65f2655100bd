import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  editor,
  eventually,
  launch,
  mailedLink,
  newDocument,
  newPerson,
  newWindow,
  type Person,
  password,
  saved,
  textOf,
} from "./browser.ts";

let browser: Browser;
beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser.close());

/** Opens the share dialog of the open document, and makes a link. */
async function newLink({ page }: Person, role: "read" | "edit"): Promise<string> {
  await page.getByRole("button", { name: "Share" }).click();
  await page.getByRole("button", { name: "New link" }).click();
  await page.getByLabel("Name of the link").fill(`to ${role}`);
  await page.getByLabel("Whoever has it may").selectOption({ label: role });
  await page.getByRole("button", { name: "Make the link" }).click();
  const link = await page.getByLabel("The new link").inputValue();
  await page.keyboard.press("Escape");
  return link;
}

async function guestBy(link: string, name: string) {
  const page = await newWindow(browser);
  await page.goto(link);
  await page.getByLabel("Your name").fill(name);
  await page.getByRole("button", { name: "Open the document" }).click();
  await editor(page).waitFor();
  return page;
}

/** Makes somebody's e-mail address one that others may share with. */
async function confirmed({ page, email }: Person): Promise<void> {
  await page.goto(await mailedLink(email, "/confirm-email"));
  await page.getByRole("button", { name: "Confirm the address" }).click();
  await page.getByText("Your e-mail address is confirmed.").waitFor();
}

test("two people type in one paragraph at the same time, and see one text and each other's cursors", async () => {
  const ada = await newPerson(browser, "Ada");
  await newDocument(ada, "Left  right");
  const charles = await guestBy(await newLink(ada, "edit"), "Charles");

  await editor(ada.page).click();
  await ada.page.keyboard.press("Control+Home");
  for (let n = 0; n < 5; n++) await ada.page.keyboard.press("ArrowRight");
  await editor(charles).click();
  await charles.keyboard.press("Control+End");
  const words = (name: string) => Array.from({ length: 8 }, (_, n) => `${name}${n} `).join("");
  await Promise.all([
    ada.page.keyboard.type(words("a"), { delay: 15 }),
    charles.keyboard.type(words("c"), { delay: 15 }),
  ]);
  await Promise.all([saved(ada.page), saved(charles)]);
  const text = `Left ${words("a")} right${words("c")}`;
  await eventually(
    () => textOf(ada.page),
    (now) => now === text,
  );
  await eventually(
    () => textOf(charles),
    (now) => now === text,
  );

  const others = (page: Page) => page.locator(".cm-otherName").allInnerTexts();
  await expect.poll(() => others(ada.page)).toEqual(["Charles"]);
  await expect.poll(() => others(charles)).toEqual(["Ada"]);
  // Undo takes back one's own words alone: all at once, or in parts where the typing stopped for a moment.
  const left = `Left  right${words("c")}`;
  for (let n = 0; n < words("a").length && (await textOf(ada.page)) !== left; n++) {
    await ada.page.keyboard.press("Control+z");
  }
  await eventually(
    () => textOf(charles),
    (now) => now === left,
  );
});

test("a viewer by a share link sees what is written, and writes nothing", async () => {
  const ada = await newPerson(browser, "Ada");
  await newDocument(ada, "Read me.");
  const viewer = await guestBy(await newLink(ada, "read"), "Victor");
  await viewer.getByText("You may read").waitFor();
  const faults: string[] = [];
  viewer.on("console", (message) => message.type() === "error" && faults.push(message.text()));
  await editor(viewer).click();
  await viewer.keyboard.type("no");
  await viewer.keyboard.press("Control+z");
  await viewer.keyboard.press("Control+y");
  expect(faults).toEqual([]);
  await editor(ada.page).click();
  await ada.page.keyboard.press("Control+End");
  await ada.page.keyboard.type(" More.");
  await eventually(
    () => textOf(viewer),
    (now) => now === "Read me. More.",
  );
  // From the moment that the link is revoked, it leads nowhere.
  await ada.page.getByRole("button", { name: "Share" }).click();
  await ada.page.getByRole("button", { name: "Revoke to read" }).click();
  await viewer.getByText("You have no access to this document any more.").waitFor();
});

test("a role that is lowered while somebody types takes the pen out of their hand, and loses nothing", async () => {
  const ada = await newPerson(browser, "Ada");
  const bob = await newPerson(browser, "Bob");
  await confirmed(bob);
  const path = await newDocument(ada, "Ours. ");
  await ada.page.getByRole("button", { name: "Share" }).click();
  await ada.page.getByLabel("E-mail address of a person").fill(bob.email);
  await ada.page.getByRole("button", { name: "Share", exact: true }).last().click();
  const people = ada.page.getByRole("region", { name: "People" }).getByRole("listitem");
  await people.waitFor();

  await bob.page.goto("/shared-with-me");
  await bob.page.getByRole("link", { name: "Untitled" }).click();
  await editor(bob.page).click();
  await bob.page.keyboard.press("Control+End");
  await bob.page.keyboard.type("Bob was here.");
  await saved(bob.page);
  await people.getByLabel("May").selectOption({ label: "read" });
  await bob.page.getByText("You may read").waitFor();
  await bob.page.keyboard.type("and here");
  await ada.page.goto(path);
  // What this browser had kept may be shown first; what Bob saved comes behind it.
  await eventually(
    () => textOf(ada.page),
    (now) => now === "Ours. Bob was here.",
  );
  // And back again, without a reload.
  await ada.page.getByRole("button", { name: "Share" }).click();
  await people.getByLabel("May").selectOption({ label: "edit" });
  await bob.page.getByText("You may read").waitFor({ state: "detached" });
});

test("a text is restored from its history, for everybody who has it open", async () => {
  const ada = await newPerson(browser, "Ada");
  const path = await newDocument(ada, "The first thought.");
  const charles = await guestBy(await newLink(ada, "read"), "Charles");
  await editor(ada.page).click();
  await ada.page.keyboard.press("Control+a");
  await ada.page.keyboard.insertText("The second thought, which is worse.");
  await saved(ada.page);
  await ada.page.getByRole("link", { name: "History" }).click();
  await ada.page.getByText(/^Version (\d+) of \1$/).waitFor();
  await ada.page.getByRole("slider", { name: "Version" }).fill("1");
  await ada.page.getByText("The first thought.").waitFor();
  await ada.page.getByRole("button", { name: "Restore this version" }).click();
  await ada.page.waitForURL(`**${path}`);
  await eventually(
    () => textOf(ada.page),
    (now) => now === "The first thought.",
  );
  await eventually(
    () => textOf(charles),
    (now) => now === "The first thought.",
  );
});

test("what is deleted is in the trash, and comes back from it", async () => {
  const { page, ...ada } = await newPerson(browser, "Ada");
  await newDocument({ page, ...ada }, "Not that important.");
  await page.goto("/");
  await page.getByRole("button", { name: "More for Untitled" }).click();
  await page.getByRole("menuitem", { name: "Delete…" }).click();
  await page.getByRole("button", { name: "Delete", exact: true }).click();
  await page.getByText("No documents yet").waitFor();
  await page.getByRole("link", { name: "Trash" }).click();
  await page.getByRole("button", { name: "Restore" }).click();
  await page.getByText("The trash is empty").waitFor();
  await page.getByRole("link", { name: "All documents" }).click();
  await page.getByRole("link", { name: "Untitled" }).click();
  await eventually(
    () => textOf(page),
    (now) => now === "Not that important.",
  );
});

test("a page of a foreign origin can open no socket, not even with a token", async () => {
  const ada = await newPerson(browser, "Ada");
  const path = await newDocument(ada, "Private.");
  const token = await ada.page.evaluate(
    async (body) => {
      const headers = { "content-type": "application/json" };
      const answer = await fetch("/api/v1/auth/login", {
        method: "POST",
        headers,
        body: JSON.stringify(body),
      });
      return (await answer.json()).access_token as string;
    },
    { email: ada.email, password },
  );
  const open = (socketUrl: string, bearer: string) =>
    new Promise<string>((resolve) => {
      const socket = new WebSocket(socketUrl, ["materi.v1", `bearer.${bearer}`]);
      socket.onopen = () => resolve("open");
      socket.onerror = () => resolve("refused");
    });
  const socketUrl = `${new URL(ada.page.url()).origin.replace("http", "ws")}/ws${path}`;
  const call = `(${open})(${JSON.stringify(socketUrl)}, ${JSON.stringify(token)})`;
  expect(await ada.page.evaluate(call)).toBe("open");
  const foreign = await newWindow(browser);
  await foreign.route("https://evil.example/", (route) =>
    route.fulfill({ contentType: "text/html", body: "<title>A foreign page</title>" }),
  );
  await foreign.route("http://evil.example/", (route) =>
    route.fulfill({ contentType: "text/html", body: "<title>A foreign page</title>" }),
  );
  await foreign.goto("http://evil.example/");
  expect(await foreign.evaluate(call)).toBe("refused");
});
