import { describe, expect, it } from "vitest";
import { contentChange } from "../../src/room/content-change.ts";

describe("RM-1: a new content as a change from the current one", () => {
  it("leaves alone what both have at their ends", () => {
    expect(contentChange("one two three", "one 2 three")).toEqual([[4, "2", -3]]);
    expect(contentChange("same", "same")).toEqual([]);
    expect(contentChange("", "new")).toEqual([["new"]]);
  });

  // Found by the simulator after 3.4 million operations: the character behind was cut out and put back.
  it("cuts out no neighbour where characters share the first half of a surrogate pair", () => {
    expect(contentChange("\u{f0079}a\u{f0079}a\u{f0098}z", "\u{f0079}a\u{f0098}z")).toEqual([[3, -3]]);
    expect(contentChange("\u{f0001}x", "\u{f0002}x")).toEqual([["\u{f0002}", -2]]);
  });
});
