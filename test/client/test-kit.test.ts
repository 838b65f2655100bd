// docs/client.md shows how an application tests with the kit; this is that example, and what it promises.
import { afterEach, expect, it } from "vitest";
import { insertion } from "../../src/ot/operation.ts";
import { TestService } from "../../src/test-kit/test-service.ts";

let service: TestService | undefined;
afterEach(() => service?.close());

it("two people who type through a bad network end with one text, and nothing is lost", async () => {
  for (let seed = 1; seed <= 20; seed++) {
    service = new TestService({ seed, content: "." });
    service.faults = { delay: [1, 400], breaks: 30 };
    const [ann, ben] = [service.open("ann"), service.open("ben")];
    while (!ann.role || !ben.role) await service.pass(100);
    for (let times = 0; times < 40; times++) {
      ann.edit(insertion(0, "a"));
      ben.edit(insertion(ben.length, "b"));
      await service.pass(50);
      if (times === 10) service.crash();
      if (times === 20) service.hibernate();
    }
    await service.settle();
    expect([ann.text, ben.text, service.text], `seed ${seed}`).toEqual(
      Array(3).fill(`${"a".repeat(40)}.${"b".repeat(40)}`),
    );
    service.close();
  }
});

it("an application shows what a person is told while the service cannot be reached", async () => {
  service = new TestService({ seed: 7 });
  const ann = service.open("ann");
  await service.settle();
  service.disconnect();
  ann.edit(insertion(0, "kept"));
  await service.pass(60_000);
  expect(ann.status).toEqual({ kind: "offline", edits: 1 });
  service.connect();
  await service.settle();
  expect([ann.status, service.text]).toEqual([{ kind: "saved" }, "kept"]);
  service.setRole("ann", "viewer");
  await service.pass(100);
  expect(ann.isReadOnly).toBe(true);
});

it("an application that stays open for hours has its tokens renewed, and its connection kept", async () => {
  service = new TestService({ content: "text" });
  const tokens: number[] = [];
  const ann = service.open("ann", { token: () => String(tokens.push(Date.now())) });
  await service.settle();
  const closed: string[] = [];
  ann.on("connection", ({ state }) => closed.push(state));
  await service.pass(2 * 3_600_000);
  const [first, second] = tokens.map((at) => at - tokens[0]!);
  expect([first, tokens.length]).toEqual([0, 3]);
  expect(second).toBeGreaterThan(3_500_000);
  expect(second).toBeLessThan(3_600_000);
  ann.edit(insertion(0, "still "));
  await service.settle();
  expect([closed, service.text]).toEqual([[], "still text"]);
});

it("says by which seed it came to be that something never settles", async () => {
  service = new TestService({ seed: 5 });
  service.open("ann", { token: () => new Promise<string>(() => {}) });
  await expect(service.settle()).rejects.toThrow("seed 5: not settled");
});

it("the same seed is the same run, to the last version", async () => {
  const run = async () => {
    service = new TestService({ seed: 42 });
    service.faults = { delay: [1, 300], breaks: 50 };
    const [ann, ben] = [service.open("ann", { clientId: "a" }), service.open("ben", { clientId: "b" })];
    while (!ann.role || !ben.role) await service.pass(100);
    const seen: string[] = [];
    ann.on("change", ({ operation }) => seen.push(JSON.stringify(operation)));
    for (let times = 0; times < 30; times++) {
      ben.edit(insertion(Math.min(times, ben.length), String(times % 10)));
      ann.edit(insertion(0, "a"));
      await service.pass(70);
    }
    await service.settle();
    const end = { seen, version: ann.version, text: ann.text };
    service.close();
    return end;
  };
  expect(await run()).toEqual(await run());
});
