import { describe, expect, it } from "vitest";
import type { Operation } from "../../src/ot/operation.ts";
import { Authorship } from "../../src/room/authorship.ts";
import type { Actor } from "../../src/room/operation-log.ts";

const actorOf = (actor: number, userId = `user-${actor}`): Actor => ({
  actor,
  clientId: `client-${actor}`,
  userId,
  kind: "person",
});

/** Who wrote what, after one insert of two units by each of these actors, each at the end. */
function spansOf(authorship: Authorship, actors: readonly number[]): (string | null)[] {
  const { replayed } = authorship;
  let authors = replayed.begin({ version: 0, text: "old" });
  for (const actor of actors) {
    const operation: Operation = [authors.length, "xx"] as unknown as Operation;
    replayed.apply(authors, { actor, operation, seq: 1 });
    // As a checkpoint keeps it.
    authors = replayed.restore(replayed.save(authors));
  }
  return authorship.spans(authors, 0, 100).map(({ author }) => author?.userId ?? null);
}

describe("who wrote which unit", () => {
  it("is known by person and kind, through whichever of their windows", () => {
    const authorship = new Authorship([actorOf(1, "ann"), actorOf(2, "ben"), actorOf(3, "ann")]);
    expect(spansOf(authorship, [1, 3, 2, 1])).toEqual([null, "ann", "ben", "ann"]);
  });

  it("is known of 63,487 authors, and of those after them that it is not known", () => {
    const authorship = new Authorship(Array.from({ length: 63_500 }, (_, index) => actorOf(index + 1)));
    // Units that are halves of surrogate pairs stand for nobody: beyond them it goes on.
    expect(spansOf(authorship, [1, 55_295, 55_296, 55_297, 63_487, 63_488, 63_500])).toEqual([
      null,
      "user-1",
      "user-55295",
      "user-55296",
      "user-55297",
      "user-63487",
      null,
    ]);
  });
});
