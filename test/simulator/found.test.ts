// Programs on which the simulator once found a fault, as small as it made them.
import { expect, test } from "vitest";
import type { Program } from "../support/simulator/commands.ts";
import { simulate } from "../support/simulator/simulation.ts";

const found: Record<string, Program> = {
  "an edit between hello and a welcome that brings a snapshot is kept": {
    clients: 17,
    commands: [
      ["fault", "death after"],
      ["type", 0, 0, 0, 1],
      ["round", 1],
      ["pass", 10_000],
      ["submit", 44, 1],
      ["type", 27, 0, 0, 1],
    ],
  },
  "an edit that follows a hello which failed is not sent before another hello": {
    clients: 2,
    commands: [
      ["drop", 0, 0],
      ["unreadable"],
      ["pass", 184],
      ["crash", 0],
      ["submit", 0, 1],
      ["type", 0, 0, 0, 1],
    ],
  },
  "a submission on which the room failed is answered with its seq, and comes again": {
    clients: 2,
    commands: [["unreadable"], ["evict"], ["type", 0, 0, 0, 1], ["submit", 0, 1]],
  },
  "AC-2: a grant that was decided in the millisecond of a revocation is held to it": {
    clients: 3,
    commands: [
      ["leave", 0],
      ["join", 0],
      ["revoke", 0],
      ["round", 1],
      ["type", 0, 0, 0, 1],
      ["type", 2, 0, 0, 1],
      ["round", 1],
    ],
  },
  "an edit whose base is trimmed from the log while it is under way is made anew": {
    clients: 2,
    commands: [
      ["type", 0, 0, 0, 1],
      ["round", 2],
      ["compact", 0],
      ["type", 13, 0, 0, 1],
    ],
  },
  "an edit that a welcome sets free goes out once: of two refusals, the second would meet the edit made anew":
    {
      clients: 2,
      commands: [
        ["type", 21, 0, 0, 1],
        ["drop", 21, 1],
        ["round", 1],
        ["round", 2],
        ["submit", 15, 1],
        ["type", 0, 0, 0, 1],
        ["round", 2],
        ["compact", 0],
        ["type", 7, 0, 0, 1],
        ["round", 1],
        ["submit", 9, 1],
        ["deliver", 3, 1],
        ["type", 7, 0, 0, 1],
      ],
    },
};

test.each(Object.entries(found))("%s", async (_, program) => {
  const { operations, acknowledged } = await simulate(program);
  expect(acknowledged).toBe(operations);
  expect(operations).toBeGreaterThan(0);
});

// Nobody is acknowledged in it: what was accepted is taken back before anyone hears of it.
test("an answer that is on its way while the storage is put back is not held against it", async () => {
  const outcome = await simulate({
    clients: 2,
    commands: [
      ["type", 3, 0, 0, 1],
      ["submit", 7, 1],
      ["revoke", 0],
      ["rewind", 1],
    ],
  });
  expect(outcome).toEqual({ operations: 1, acknowledged: 0 });
});
