import type { ErrorCode } from "../../src/protocol/errors.ts";
import { limits } from "../../src/protocol/limits.ts";

/**
 * The hostile corpus: what no well-meaning client sends, each frame with its expected answer. One data file, read by
 * the room's tests, by the test that decoder and schemas agree, and by the conformance runner.
 *
 * Every frame is sent by `hostileSetup`'s writer, whose next seq is 2, to a text at version 2; none of them may change that.
 */
export interface HostileFrame {
  name: string;
  /** A string is a text frame. */
  frame: string | ArrayBuffer;
  answer: HostileAnswer;
}

/** The code of an `error`; `ack`: the answer to an honest repeat; `ignored`: none at all. */
export type HostileAnswer = ErrorCode | "ack" | "ignored";

/** What is there before the corpus. */
export const hostileSetup = {
  content: "Hi 😀!",
  submit: '{"type":"submit","seq":1,"base":1,"op":[5,"?"]}',
  text: "Hi 😀?!",
  version: 2,
} as const;

const submit = (fields: object): string =>
  JSON.stringify({ type: "submit", seq: 2, base: 2, op: ["x"], ...fields });
const insert = (fields: object): string =>
  JSON.stringify({ op_type: "insert", position: 0, content: "x", ...fields });

const all = (answer: HostileAnswer, frames: Record<string, string>): HostileFrame[] =>
  Object.entries(frames).map(([name, frame]) => ({ name, frame, answer }));

/** A valid frame, cut off after each of its characters. */
const truncated = (what: string, frame: string): HostileFrame[] =>
  Array.from({ length: frame.length - 1 }, (_, at) => ({
    name: `${what}, truncated after ${at + 1}`,
    frame: frame.slice(0, at + 1),
    answer: "invalid_frame" as const,
  }));

const notJson = all("invalid_frame", {
  nothing: "",
  "a space": " ",
  "a brace": "{",
  "a word": "hello",
  "NaN as a frame": "NaN",
  "JavaScript's object notation": "{type:'submit'}",
  "a byte order mark before the frame": `\ufeff${submit({})}`,
  "NUL before the frame": `\0${submit({})}`,
  "NUL behind the frame": `${submit({})}\0`,
  "a raw NUL within a text": '{"type":"submit","seq":2,"base":2,"op":["\0"]}',
  "a raw newline within a text": '{"type":"submit","seq":2,"base":2,"op":["\n"]}',
  "two frames in one": submit({}) + submit({}),
  "a comment": `/* hi */${submit({})}`,
  "a trailing comma": '{"type":"hello","client_id":"a",}',
  "single quotes": "{'type':'hello'}",
  "NaN as seq": '{"type":"submit","seq":NaN,"base":2,"op":[]}',
  "Infinity as base": '{"type":"submit","seq":2,"base":Infinity,"op":[]}',
  "undefined as op": '{"type":"submit","seq":2,"base":2,"op":undefined}',
  "a hexadecimal number": '{"type":"submit","seq":0x2,"base":2,"op":[]}',
  "a leading zero": '{"type":"submit","seq":02,"base":2,"op":[]}',
  "a half escape": '{"type":"submit","seq":2,"base":2,"op":["\\ud8"]}',
  "an unknown escape": '{"type":"submit","seq":2,"base":2,"op":["\\x41"]}',
  "deep nesting of lists": "[".repeat(100_000),
  "deep nesting of objects": '{"a":'.repeat(100_000),
  XML: '<frame type="submit"/>',
  "an HTTP request": "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
});

const notAFrame = all("invalid_frame", {
  "a number": "42",
  "a text": '"hello"',
  true: "true",
  null: "null",
  "a list": "[]",
  "a list of frames": `[${submit({})}]`,
  "well-formed deep nesting": "[".repeat(50_000) + "]".repeat(50_000),
  "an object that says nothing": "{}",
  "only a prototype": '{"__proto__":{"type":"submit","seq":2,"base":2,"op":["x"]}}',
  "only a constructor": '{"constructor":{"prototype":{"type":"submit"}}}',
  "type null": '{"type":null,"seq":2,"base":2,"op":["x"]}',
  "a number as type": '{"type":1}',
  "a list as type": '{"type":["submit"]}',
  "an object as type": '{"type":{"toString":"submit"}}',
  "the seed's frame with type null": insert({ type: null }),
  "the seed's frame with a number as type": insert({ type: 0 }),
  "two types, the last of them none": '{"type":"submit","type":0,"seq":2,"base":2,"op":["x"]}',
  "two seqs, the last of them negative": '{"type":"submit","seq":2,"seq":-2,"base":2,"op":["x"]}',
  "two client ids, the last of them empty": '{"type":"hello","client_id":"a","client_id":""}',
});

const ignored = all("ignored", {
  "an empty type": '{"type":""}',
  "an unknown type": '{"type":"frobnicate","seq":2,"base":2,"op":["x"]}',
  "a type of another case": '{"type":"SUBMIT","seq":2,"base":2,"op":["x"]}',
  "a type with a space": '{"type":"submit ","seq":2,"base":2,"op":["x"]}',
  "a type of a newer protocol": '{"type":"submit.v2","seq":2,"base":2,"op":["x"]}',
  "a type with a NUL": '{"type":"submit\\u0000"}',
  "a type of half a surrogate pair": '{"type":"\\ud800"}',
  "a frame of the server": '{"type":"ack","seq":2,"version":3}',
  "another frame of the server": '{"type":"welcome","version":99,"text":""}',
  "a long unknown type": JSON.stringify({ type: "x".repeat(100_000) }),
  "an unknown type above a seed's edit": insert({ type: "note" }),
  ...Object.fromEntries(
    ["__proto__", "constructor", "toString", "hasOwnProperty", "valueOf", "__defineGetter__"].map((name) => [
      `${name} as type`,
      JSON.stringify({ type: name }),
    ]),
  ),
});

/** Values of every type, as JSON; none of them is right for any field. */
const wrong: Record<string, string> = {
  null: "null",
  true: "true",
  false: "false",
  "a half": "0.5",
  "minus one": "-1",
  "1e400": "1e400",
  "-1e400": "-1e400",
  "2^53": "9007199254740992",
  "twenty nines": "99999999999999999999",
  "a list": "[[]]",
  "an object": "{}",
  "__proto__ in an object": '{"__proto__":1}',
};
const texts: Record<string, string> = {
  "a number as text": '"2"',
  "an empty text": '""',
  toString: '"toString"',
  __proto__: '"__proto__"',
};

/** One frame per field and value: type × field. */
function matrix(
  of: string,
  frame: Record<string, string>,
  field: string,
  answer: HostileAnswer,
  values: Record<string, string>,
): HostileFrame[] {
  return Object.entries(values).map(([name, value]) => ({
    name: `${of}.${field}: ${name}`,
    frame: `{${Object.entries({ ...frame, [field]: value })
      .map(([key, json]) => `${JSON.stringify(key)}:${json}`)
      .join(",")}}`,
    answer,
  }));
}

const without = (values: Record<string, string>, ...names: string[]): Record<string, string> =>
  Object.fromEntries(Object.entries(values).filter(([name]) => !names.includes(name)));

const helloFrame = { type: '"hello"', client_id: '"eve-1"' };
const submitFrame = { type: '"submit"', seq: "2", base: "2", op: '["x"]' };
const presenceFrame = { type: '"presence"', version: "2", selections: "[[1,2]]" };
const insertFrame = { op_type: '"insert"', position: "0", content: '"x"' };
const deleteFrame = { op_type: '"delete"', position: "0", length: "1" };
const everything = { ...wrong, ...texts };

const wrongTypes = [
  ...matrix("hello", helloFrame, "client_id", "invalid_frame", {
    ...wrong,
    "an empty text": '""',
    spaces: '"   "',
    "a letter that is not ASCII": '"é"',
    "65 characters": JSON.stringify("x".repeat(65)),
    "a newline at its end": '"ann\\n"',
    "a NUL": '"a\\u0000b"',
    "half a surrogate pair": '"\\ud800"',
    "a path": '"../../etc/passwd"',
    SQL: '"\' OR 1=1 --"',
  }),
  ...matrix("hello", helloFrame, "since", "invalid_frame", everything),
  ...matrix("hello", helloFrame, "last_seq", "invalid_frame", everything),
  ...matrix("submit", submitFrame, "seq", "invalid_frame", { ...everything, zero: "0", "minus zero": "-0" }),
  ...matrix("submit", submitFrame, "base", "invalid_frame", everything),
  ...matrix("submit", submitFrame, "op", "invalid_operation", everything),
  ...matrix("presence", presenceFrame, "version", "invalid_frame", everything),
  ...matrix("presence", presenceFrame, "selections", "invalid_frame", without(everything, "null")),
  ...matrix("presence", presenceFrame, "color", "invalid_frame", {
    ...without(everything, "null"),
    "a name": '"red"',
    CSS: '"#12345;}"',
  }),
  ...matrix("presence", presenceFrame, "selections", "invalid_frame", {
    "half a selection": "[[1]]",
    "a selection of three": "[[1,2,3]]",
    "a negative selection": "[[-1,2]]",
    "a selection of texts": '[["1","2"]]',
    "a selection beyond safe integers": "[[0,9007199254740992]]",
  }),
  ...matrix("auth", { type: '"auth"' }, "token", "invalid_frame", wrong),
  ...matrix("auth", { type: '"auth"' }, "token", "invalid_token", {
    ...texts,
    "no signature": '"eyJhbGciOiJub25lIn0.eyJzdWIiOiJhbm4ifQ."',
    "half a surrogate pair": '"\\ud800"',
    "a long one": JSON.stringify("x".repeat(100_000)),
  }),
  ...matrix("insert", insertFrame, "position", "invalid_operation", everything),
  ...matrix("insert", insertFrame, "content", "invalid_operation", { ...wrong, "an empty text": '""' }),
  ...matrix("insert", insertFrame, "length", "invalid_operation", without(everything, "null")),
  ...matrix("delete", deleteFrame, "length", "invalid_operation", everything),
  ...matrix("delete", deleteFrame, "content", "invalid_operation", without(wrong, "null")),
  ...matrix("insert", insertFrame, "user_id", "invalid_frame", without(wrong, "null")),
  ...matrix("insert", insertFrame, "base_version", "invalid_frame", without(everything, "null")),
  ...matrix("insert", insertFrame, "op_type", "invalid_operation", everything),
];

const wrongParts = [
  ...Object.entries(without(everything, "minus one", "a number as text", "toString", "__proto__")).map(
    ([name, value]): HostileFrame => ({
      name: `a part: ${name}`,
      frame: `{"type":"submit","seq":2,"base":2,"op":[${value},"x"]}`,
      answer: "invalid_operation",
    }),
  ),
  ...all("invalid_operation", {
    "a part that is zero": submit({ op: [0, "x"] }),
    "a part that is minus zero": '{"type":"submit","seq":2,"base":2,"op":[-0,"x"]}',
    "two retains in a row": submit({ op: [1, 1, "x"] }),
    "two inserts in a row": submit({ op: ["a", "b"] }),
    "two deletes in a row": submit({ op: [-1, -1] }),
    "an insert behind a delete": submit({ op: [-1, "x"] }),
    "a retain at the end": submit({ op: ["x", 1] }),
    "only a retain": submit({ op: [1] }),
    "an operation as an object": submit({ op: { 0: "x", length: 1 } }),
    "an operation within an operation": submit({ op: [["x"]] }),
    "a sum beyond safe integers": submit({ op: [2 ** 53 - 1, -1] }),
    "a lone high surrogate": '{"type":"submit","seq":2,"base":2,"op":["\\ud800"]}',
    "a lone low surrogate": '{"type":"submit","seq":2,"base":2,"op":["\\udc00"]}',
    "surrogates the wrong way round": '{"type":"submit","seq":2,"base":2,"op":["\\udc00\\ud800"]}',
    "the seed's lone surrogate": '{"op_type":"insert","position":0,"content":"\\udc00"}',
    "the seed's unknown operation": insert({ op_type: "frobnicate" }),
    "the seed's operation with a dotted I": insert({ op_type: "İnsert" }),
    "the seed's operation with a long s": insert({ op_type: "inſert" }),
    "the seed's operation from a prototype": '{"op_type":"constructor","position":0,"content":"x"}',
    "the seed's insert of nothing": insert({ content: undefined }),
    "the seed's insert nowhere": insert({ position: undefined }),
    "the seed's delete of nothing": '{"op_type":"delete","position":0}',
    "the seed's replace by nothing": '{"op_type":"replace","position":0,"length":1}',
    "the seed's replace of nothing": insert({ op_type: "replace" }),
    "the seed's operation null": '{"op_type":null,"position":0,"content":"x"}',
  }),
];

/** Well-formed, and wrong for the document as it is. */
const outOfPlace = [
  ...all("out_of_range", {
    "an insert past the end": submit({ op: [8, "x"] }),
    "an insert far past the end": submit({ op: [2 ** 53 - 2, "x"] }),
    "a delete past the end": submit({ op: [6, -2] }),
    "a delete of far more than there is": submit({ op: [-(2 ** 53 - 1)] }),
    "past the end of an older version": submit({ base: 1, op: [7, "x"] }),
    "the seed's position past the end, with a base": insert({ position: 8, base_version: 2 }),
    "the seed's largest edit, with a base":
      '{"op_type":"replace","position":9007199254740991,"length":9007199254740991,"content":"x","base_version":2}',
  }),
  ...all("splits_surrogate", {
    "an insert within a surrogate pair": submit({ op: [4, "x"] }),
    "a delete of half a surrogate pair": submit({ op: [3, -1] }),
    "a delete of the other half": submit({ op: [4, -1] }),
    "a delete from within a pair to the end": submit({ op: [4, -3] }),
    "the seed's insert within a surrogate pair": insert({ position: 4 }),
    "the seed's delete of half a surrogate pair": '{"op_type":"delete","position":3,"length":1}',
  }),
  ...all("base_ahead", {
    "a base from the future": submit({ base: 3 }),
    "a base from the far future": submit({ base: 2 ** 53 - 1 }),
    "a presence from the future": '{"type":"presence","version":3,"selections":[]}',
    "the seed's base from the future": insert({ base_version: 3 }),
  }),
  ...all("seq_gap", {
    "a seq that skips one": submit({ seq: 3 }),
    "the largest seq": submit({ seq: 2 ** 53 - 1 }),
    "a skipped seq with a base from the future": submit({ seq: 9, base: 9 }),
  }),
  ...all("seq_reused", {
    "a replayed seq with another text": '{"type":"submit","seq":1,"base":1,"op":[5,"!"]}',
    "a replayed seq with another place": '{"type":"submit","seq":1,"base":1,"op":["?"]}',
    "a replayed seq with another length": '{"type":"submit","seq":1,"base":1,"op":[5,"??"]}',
    "a replayed seq that deletes": '{"type":"submit","seq":1,"base":1,"op":[-1]}',
    "a replayed seq with a base that came after it": '{"type":"submit","seq":1,"base":2,"op":[5,"?"]}',
    "a replayed seq with a base from the future": '{"type":"submit","seq":1,"base":99,"op":[5,"?"]}',
    "a replayed seq with an earlier base": '{"type":"submit","seq":1,"base":0,"op":[5,"?"]}',
    "a replayed seq with nothing": '{"type":"submit","seq":1,"base":1,"op":[]}',
  }),
  ...all("ack", {
    "a repeat": hostileSetup.submit,
    "a repeat with its fields in another order": '{"op":[5,"?"],"base":1,"seq":1,"type":"submit"}',
    "a repeat with a field that is not known":
      '{"type":"submit","seq":1,"base":1,"op":[5,"?"],"__proto__":{"seq":2}}',
    "a repeat with numbers written otherwise":
      '{"type":"submit","seq":1.0,"base":1e0,"op":[50e-1,"\\u003f"]}',
    "a repeat with its seq told twice": '{"type":"submit","seq":7,"seq":1,"base":1,"op":[5,"?"]}',
    "a repeat with toString as a field": '{"type":"submit","seq":1,"base":1,"op":[5,"?"],"toString":null}',
  }),
  ...all("user_mismatch", {
    "the seed's edit in another's name": insert({ user_id: "eve" }),
    "the seed's edit in a prototype's name": insert({ user_id: "__proto__" }),
    "the seed's edit in the name of half a pair":
      '{"op_type":"insert","position":0,"content":"x","user_id":"\\ud800"}',
  }),
];

const many = (count: number): (string | number)[] =>
  Array.from({ length: count }, (_, i) => (i % 2 ? "x" : 9));

const tooLarge: HostileFrame[] = [
  ...all("payload_too_large", {
    "more selections than may be": JSON.stringify({
      type: "presence",
      version: 2,
      selections: Array(9_999).fill([0, 0]),
    }),
    "a frame one unit too long": submit({ pad: "" }).replace(
      '"pad":""',
      `"pad":"${"x".repeat(limits.frameUnits + 1 - submit({ pad: "" }).length)}"`,
    ),
    "a frame of an unknown type beyond the limit": JSON.stringify({ type: "x".repeat(limits.frameUnits) }),
    "spaces beyond the limit": " ".repeat(limits.frameUnits + 1),
    "a frame of escapes beyond the limit": JSON.stringify({ type: "submit", op: ["\u0001".repeat(200_000)] }),
  }),
  ...all("operation_too_large", {
    "an over-long insert": submit({ op: ["x".repeat(limits.insertUnits + 1)] }),
    "two inserts that are too long together": submit({ op: ["x".repeat(limits.insertUnits), 1, "x"] }),
    "too many parts": submit({ op: many(limits.operationParts + 2) }),
    "far too many parts": submit({ op: many(150_000) }),
    "too many parts, none of them right": submit({ op: Array(20_000).fill(null) }),
    "the seed's over-long insert": insert({ content: "x".repeat(limits.insertUnits + 1) }),
  }),
  ...all("out_of_range", {
    "as many parts as may be, past the end": submit({ op: many(limits.operationParts) }),
  }),
];

const binary: HostileFrame[] = [
  { name: "an empty binary frame", frame: new ArrayBuffer(0), answer: "invalid_frame" },
  { name: "a binary frame of zeros", frame: new ArrayBuffer(8), answer: "invalid_frame" },
  {
    name: "a valid frame as binary",
    frame: new TextEncoder().encode(submit({})).buffer as ArrayBuffer,
    answer: "invalid_frame",
  },
  { name: "a large binary frame", frame: new ArrayBuffer(900_000), answer: "invalid_frame" },
];

export const hostileFrames: readonly HostileFrame[] = [
  ...truncated("hello", '{"type":"hello","client_id":"eve-1","since":0,"last_seq":0}'),
  ...truncated("submit", '{"type":"submit","seq":2,"base":2,"op":[3,"é😀",-2]}'),
  ...truncated("seed", '{"op_type":"replace","position":3,"length":2,"content":"é😀"}'),
  ...notJson,
  ...notAFrame,
  ...ignored,
  ...wrongTypes,
  ...wrongParts,
  ...outOfPlace,
  ...tooLarge,
  ...binary,
];

/** Client ids that are allowed and look like something else: each is greeted as any other. */
export const oddClientIds = [
  "__proto__",
  "constructor",
  "toString",
  "0",
  "-",
  "null",
  "x".repeat(64),
  "a:b.c-d_e",
];

/** `submit` in the short form with these in place of one of its elements. */
const shortSubmits = (at: number, answer: HostileAnswer, values: Record<string, string>): HostileFrame[] =>
  Object.entries(values).map(([name, value]) => ({
    name: `a short submit, element ${at}: ${name}`,
    frame: `{"submit":[${["2", "2", '["x"]'].with(at, value).join(",")}]}`,
    answer,
  }));

/** The same for a server that speaks the short form. */
export const hostileShortFrames: readonly HostileFrame[] = [
  ...matrix("hello", helloFrame, "short", "invalid_frame", without(everything, "true", "false")),
  ...matrix("short submit", {}, "submit", "invalid_frame", everything),
  ...shortSubmits(0, "invalid_frame", { ...everything, zero: "0" }),
  ...shortSubmits(1, "invalid_frame", everything),
  ...shortSubmits(2, "invalid_operation", everything),
  ...truncated("a short submit", '{"submit":[2,2,["x"]]}'),
  ...all("invalid_frame", {
    "a short submit of nothing": '{"submit":[]}',
    "a short submit of its seq alone": '{"submit":[2]}',
    "a short submit as an object": '{"submit":{"0":2,"1":2,"2":["x"],"length":3}}',
    "a short submit below type null": '{"type":null,"submit":[2,2,["x"]]}',
    "operations of the server": '{"ops":[3,[1,2,["x"]]]}',
    "an ack of the server": '{"ack":[2,3]}',
  }),
  ...all("invalid_operation", {
    "a short submit without its operation": '{"submit":[2,2]}',
    "a short submit that is flat": '{"submit":[2,2,"x"]}',
    "a short submit below the seed's unknown operation":
      '{"op_type":"turn","position":0,"submit":[2,2,["x"]]}',
  }),
  ...all("ignored", { "a short submit below an unknown type": '{"type":"note","submit":[2,2,["x"]]}' }),
  ...all("out_of_range", { "a short submit past the end": '{"submit":[2,2,[8,"x"]]}' }),
  ...all("seq_gap", { "a short submit that skips one": '{"submit":[3,2,["x"]]}' }),
  ...all("seq_reused", { "a short submit with another text": '{"submit":[1,1,[5,"!"]]}' }),
  ...all("ack", {
    "a repeat in the short form": '{"submit":[1,1,[5,"?"]]}',
    "a short repeat with an element that is not known": '{"submit":[1,1,[5,"?"],{"later":true}]}',
    "a short repeat with a field that is not known": '{"submit":[1,1,[5,"?"]],"later":true}',
  }),
];
