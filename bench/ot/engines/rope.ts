import Rope from "jumprope";
import { makeType } from "ot-text-unicode";
import type { Engine } from "../engine.ts";
import { applying } from "./ot-text-unicode.ts";

/** ot-text-unicode on jumprope, as its README tells to build it. */
const onRope = makeType<Rope>({
  create: (text) => new Rope(text),
  toString: (rope) => rope.toString(),
  slice: (rope, from, to = rope.length) => rope.substring(from, to - from),
  builder(rope) {
    let position = 0;
    return {
      skip(units) {
        position += units;
      },
      append(text) {
        rope.insert(position, text);
        position += text.length;
      },
      del(units) {
        rope.del(position, units);
      },
      build: () => rope,
    };
  },
});

export const engine: Engine = applying(onRope, {
  create: (text) => new Rope(text),
  read: (rope) => rope.toString(),
});
