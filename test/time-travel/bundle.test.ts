import { expect, it } from "vitest";
import { type Bundle, encodeBundle, encodeFailure, encodeHead } from "../../src/time-travel/bundle.ts";
import { BundleError, BundleReader } from "../../src/time-travel/bundle-reader.ts";
import { Random } from "../support/ot-random.ts";
import { randomBundle } from "../support/random-bundle.ts";

const seed = 20_261_123;

function read(text: string, cut = () => text.length): Bundle {
  const reader = new BundleReader();
  for (let at = 0; at < text.length; ) {
    const end = at + Math.max(1, cut());
    reader.push(text.slice(at, end));
    at = end;
  }
  return reader.end();
}

it(`a bundle is read as it was written, in whatever pieces it comes (seed ${seed})`, () => {
  const random = new Random(seed);
  for (let round = 0; round < 20; round++) {
    const { bundle } = randomBundle(seed + round, 1 + random.int(60));
    const text = [...encodeBundle(bundle)].join("");
    expect(read(text)).toEqual(bundle);
    expect(read(text, () => random.int(90))).toEqual(bundle);
  }
});

it("a bundle of other software's fields is read, as they may be of a later one", () => {
  const { bundle } = randomBundle(seed, 5);
  const text = [...encodeBundle(bundle)].join("").replaceAll("}\n", ',"later":[1]}\n');
  expect(read(text)).toEqual(bundle);
});

it("what is none is refused with the line and what is wrong there", () => {
  const { bundle } = randomBundle(seed, 5);
  const lines = [...encodeBundle(bundle)];
  const first = lines.findIndex((line) => line.includes('"op"'));
  const changed = (line: number, from: string | RegExp, to: string) =>
    lines.map((text, index) => (index === line ? text.replace(from, to) : text)).join("");
  const cases: [string, string, RegExp][] = [
    ["nothing", "", /Line 1: there is nothing/],
    ["no JSON", "PK\u0003\u0004\n", /Line 1: this is no bundle/],
    ["other JSON", '{"name":"materi"}\n', /Line 1: this is no bundle/],
    ["no object", "[]\n", /Line 1: this is no JSON object/],
    ["another format", changed(0, '"materi_bundle":1', '"materi_bundle":2'), /reads format 1/],
    ["half a pair", changed(0, '"text":""', '"text":"\\ud800"'), /half a surrogate pair/],
    ["points", changed(0, '"points":[]', '"points":[[1,-1]]'), /no point/],
    ["cut off", lines.slice(0, -2).join(""), /cut off behind version/],
    [
      "a hole",
      [...lines.slice(0, first), ...lines.slice(first + 1)].join(""),
      /version 2 stands behind version 0/,
    ],
    ["an actor of nobody", [lines[0], ...lines.slice(first)].join(""), /was not introduced/],
    ["twice", [lines[0], lines[1], lines[1]].join(""), /actor 1 stands twice/],
    [
      "a senseless operation",
      changed(first, /"op":\[.*?\]/, '"op":[3,3]'),
      /`op`: Part 1 is a second retain/,
    ],
    ["a base that is too new", changed(first, /"base":\d+/, '"base":1'), /`base` is not before/],
    ["a time that is none", changed(first, /"at":\d+/, '"at":"now"'), /`at` is no whole number/],
    ["more behind the end", `${lines.join("")}{}\n`, /behind the end/],
    ["a wrong end", [...lines.slice(0, -1), '{"end":1}\n'].join(""), /and says 1/],
    [
      "what the service could not go on with",
      encodeHead(bundle.head) + encodeFailure("unavailable", "why"),
      /unavailable, why/,
    ],
  ];
  for (const [name, text, message] of cases) {
    expect(() => read(text), name).toThrow(BundleError);
    expect(() => read(text), name).toThrow(message);
  }
});

it(`whatever is done to its bytes, a bundle is read or refused, and never anything else (seed ${seed})`, () => {
  const random = new Random(seed);
  const text = [...encodeBundle(randomBundle(seed, 20).bundle)].join("");
  let refused = 0;
  for (let round = 0; round < 1_000; round++) {
    const at = random.int(text.length);
    const cut =
      text.slice(0, at) +
      random.pick(["", "\n", "9", '"', "{", "-1", "null"]) +
      text.slice(at + random.int(4));
    try {
      read(cut);
    } catch (error) {
      expect(error).toBeInstanceOf(BundleError);
      refused += 1;
    }
  }
  expect(refused).toBeGreaterThan(500);
});
