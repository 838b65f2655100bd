// Whole sessions of replicas around one authority, and the proof that this fuzz finds what it is there to find.
import { expect, it } from "vitest";
import { compose, type Operation } from "../../src/ot/operation.ts";
import { transform } from "../../src/ot/transform.ts";
import { keepingFailure } from "../support/failure-bundle.ts";
import { fuzz, Random } from "../support/ot-random.ts";
import { runSession, type Sabotage } from "../support/ot-session.ts";

const seed = 20_261_122;

function run(
  random: Random,
  alphabet: "ascii" | "emoji" | "combining" | "surrogates",
  sabotage?: Sabotage,
): number {
  const clients = 2 + random.int(15);
  return runSession(random, {
    alphabet,
    clients,
    steps: clients * (20 + random.int(60)),
    textUnits: random.chance(0.3) ? 20 + random.int(20) : Infinity,
    ...sabotage,
  });
}

it("OT-1, RM-1, RM-3: replicas converge, versions are dense, every acknowledged operation is there once", () => {
  let operations = 0;
  fuzz(300, seed, (random, alphabet) => {
    operations += keepingFailure(`ot-session-${alphabet}`, () => run(random, alphabet));
  });
  expect(operations).toBeGreaterThan(40_000);
});

/** A server that rebases by `rebase` over the operations that a submission has missed. */
function rebasing(rebase: (operation: Operation, missed: Operation[]) => Operation): Sabotage {
  return {
    accept(authority, submission) {
      // A repeat is compared with what was accepted: rebased, it would be another operation.
      if (submission.seq <= (authority.lastOf(submission.actor)?.seq ?? 0))
        return authority.accept(submission);
      const missed = authority.since(submission.base).map((accepted) => accepted.operation);
      const operation = rebase(submission.operation, missed);
      return authority.accept({ ...submission, base: authority.version, operation });
    },
  };
}

function stepwise(operation: Operation, missed: Operation[]): Operation {
  return missed.reduce((rebased, over) => transform(rebased, over, "later"), operation);
}

/** How many of a hundred sessions break; where none does, the fuzz is blind. */
function broken(sabotage: Sabotage): number {
  let count = 0;
  for (let round = 0; round < 100; round++) {
    try {
      run(new Random(seed + round), "ascii", sabotage);
    } catch {
      count++;
    }
  }
  return count;
}

it("finds nothing in a server that rebases outside the authority, but rightly", () => {
  expect(broken(rebasing(stepwise))).toBe(0);
});

// Each spoils as little as it can; the number is how many of a hundred sessions must notice.
it.each<[string, number, Sabotage]>([
  [
    "OT-1: one transform skipped, of five or more",
    50,
    rebasing((operation, missed) => stepwise(operation, missed.length >= 5 ? missed.slice(1) : missed)),
  ],
  [
    "OT-3: the tie-break reversed on the server's side",
    50,
    rebasing((operation, missed) =>
      missed.reduce((rebased, over) => transform(rebased, over, "earlier"), operation),
    ),
  ],
  [
    "OT-2: the missed operations composed before transforming",
    50,
    rebasing((operation, [first, ...others]) =>
      first ? transform(operation, others.reduce(compose, first), "later") : operation,
    ),
  ],
  [
    "RM-3: a duplicate applied twice",
    50,
    {
      accept(authority, submission) {
        const verdict = authority.accept(submission);
        const seq = (authority.lastOf(submission.actor)?.seq ?? 0) + 1;
        if (verdict.kind !== "duplicate") return verdict;
        return authority.accept({ ...submission, seq, base: authority.version });
      },
    },
  ],
  ["RM-3: a client's older connections heard after its new hello", 1, { hearsOldConnections: true }],
  ["RM-6: a frame sent twice over one connection", 1, { sendsTwice: true }],
])("finds the sabotage %s", (_, atLeast, sabotage) => {
  expect(broken(sabotage)).toBeGreaterThanOrEqual(atLeast);
});
