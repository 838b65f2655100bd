import type { Rule } from "./rule.ts";
import { exactlyOnce } from "./rules/exactly-once.ts";
import { opening } from "./rules/opening.ts";
import { otherFrames } from "./rules/other-frames.ts";
import { refusals } from "./rules/refusals.ts";
import { shortForm } from "./rules/short-form.ts";
import { versions } from "./rules/versions.ts";

/** All that docs/conformance.md lists, in its order. */
export const rules: readonly Rule[] = [
  ...opening,
  ...versions,
  ...exactlyOnce,
  ...refusals,
  ...otherFrames,
  ...shortForm,
];
