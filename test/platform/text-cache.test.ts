import { expect, it } from "vitest";
import { TextCache } from "../../src/platform/text-cache.ts";

it("holds so many units at most, and lets go of what was not asked for longest", () => {
  const cache = new TextCache<{ content: string }>(10);
  cache.set("a", { content: "aaaa" });
  cache.set("b", { content: "bbbb" });
  expect(cache.get("a")).toEqual({ content: "aaaa" });
  cache.set("c", { content: "cccc" });
  expect([cache.get("a"), cache.get("b"), cache.get("c")]).toEqual([
    { content: "aaaa" },
    undefined,
    { content: "cccc" },
  ]);
  cache.set("a", { content: "a" });
  expect(cache.units).toBe(5);
  cache.set("large", { content: "x".repeat(11) });
  expect([cache.get("large"), cache.units]).toEqual([undefined, 5]);
  cache.set("a", { content: "x".repeat(10) });
  expect([cache.get("c"), cache.units]).toEqual([undefined, 10]);
  cache.delete("a");
  cache.delete("never there");
  expect(cache.units).toBe(0);
});
