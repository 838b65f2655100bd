import { describe, expect, it } from "vitest";
import { AuthorView } from "../../scripts/replay/author-view.ts";
import { parseTrace, type Trace } from "../../scripts/replay/trace.ts";
import { deletion, insertion } from "../../src/ot/operation.ts";
import { Text } from "../../src/ot/text.ts";
import { makeConcurrentTrace, makeSequentialTrace } from "../support/make-traces.ts";

/** Both views, `what the author sees|what the replica has`. */
const both = (view: AuthorView) => `${view.seenText}|${view.text}`;

describe("AuthorView", () => {
  it("OT-4: leads positions in code points to UTF-16 code units", () => {
    const view = new AuthorView("😀a😀");
    expect(view.type([1, 0, "b"])).toEqual([2, "b"]);
    expect(view.type([3, 1, "👩"])).toEqual([4, "👩", -2]);
    expect(view.type([0, 2, ""])).toEqual([-3]);
    expect([view.points, both(view)]).toEqual([2, "a👩|a👩"]);
  });

  it("leads positions past an insert that the author has not seen", () => {
    const view = new AuthorView("ab");
    view.receive(insertion(1, "😀"), 1);
    expect(view.type([1, 0, "x"])).toEqual([3, "x"]);
    expect(both(view)).toBe("axb|a😀xb");
    expect(view.type([0, 2, ""])).toEqual([-1, 2, -1]);
    expect(both(view)).toBe("b|😀b");
    view.see(() => true);
    expect(both(view)).toBe("😀b|😀b");
  });

  it("leads positions past a deletion that the author has not seen; what both delete is deleted once", () => {
    const view = new AuthorView("abcd");
    view.receive(deletion(1, 2), 1);
    expect(view.type([2, 0, "x"])).toEqual([1, "x"]);
    expect(both(view)).toBe("abxcd|axd");
    expect(view.type([1, 3, ""])).toEqual([1, -1]);
    expect(both(view)).toBe("ad|ad");
  });

  it("shows what is seen, and no more, in whatever order it arrived", () => {
    const view = new AuthorView("ab");
    view.receive(insertion(1, "X"), 1);
    view.receive(insertion(2, "Y"), 2);
    view.receive(deletion(0, 2), 3);
    view.see((version) => version === 2);
    expect(both(view)).toBe("aYb|Yb");
    view.see((version) => version !== 3);
    expect(both(view)).toBe("aXYb|Yb");
    view.see(() => true);
    expect(both(view)).toBe("Yb|Yb");
  });

  it("refuses what reaches past the author's text", () => {
    const view = new AuthorView("😀");
    expect(() => view.type([1, 1, ""])).toThrow(RangeError);
  });

  it("types a sequential trace to its end, operation by operation, in texts of many pieces", () => {
    const trace = parseTrace(makeSequentialTrace(7, 20_000));
    const view = new AuthorView(trace.startContent);
    const text = Text.from(trace.startContent);
    for (const { patches } of trace.edits) for (const patch of patches) text.apply(view.type(patch));
    expect(view.text === trace.endContent).toBe(true);
    expect(text.toString() === trace.endContent).toBe(true);
    expect(view.points).toBe([...trace.endContent].length);
  });
});

/** All replicas in step, so that everything has arrived and nearly nothing was seen: what the service may do at its fastest. */
function typeInStep({ agents, edits }: Trace): { texts: string[]; misfits: number } {
  const views = Array.from({ length: agents }, () => new AuthorView(""));
  const histories: Set<number>[] = [];
  const seen = views.map(() => new Set<number>());
  let misfits = 0;
  for (const [index, { agent, parents, patches }] of edits.entries()) {
    const view = views[agent]!;
    const known = seen[agent]!;
    for (const parent of parents) for (const edit of histories[parent]!) known.add(edit);
    view.see((version) => known.has(version));
    for (const [position, deleted, inserted] of patches) {
      const from = Math.min(position, view.points);
      const length = Math.min(deleted, view.points - from);
      if (from < position || length < deleted) misfits += 1;
      const operation = view.type([from, length, inserted]);
      for (const other of views) if (other !== view) other.receive(operation, index);
    }
    known.add(index);
    histories.push(new Set(known));
  }
  return { texts: views.map(({ text }) => text), misfits };
}

describe("AuthorView, with what others type at once", () => {
  it.each([1, 2, 3, 4, 5, 6, 7, 8])("two authors reach the trace's own end (seed %i)", (seed) => {
    const trace = parseTrace(makeConcurrentTrace(seed, 2, 500));
    const { texts, misfits } = typeInStep(trace);
    expect(texts).toEqual([trace.endContent, trace.endContent]);
    expect(misfits).toBe(0);
  });

  it.each([1, 2, 3, 4])("five authors reach one text (seed %i)", (seed) => {
    const { texts } = typeInStep(parseTrace(makeConcurrentTrace(seed, 5, 500)));
    expect(new Set(texts).size).toBe(1);
  });
});
