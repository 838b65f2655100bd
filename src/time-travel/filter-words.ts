import type { OperationFilter, OperationKind } from "./operation-filter.ts";

const kinds: readonly string[] = ["insert", "delete", "replace", "nothing"] satisfies OperationKind[];

/** How a filter is typed, for whoever has to be told. */
export const filterHelp =
  "author:… kind:insert|delete|replace|nothing since:… until:… slow:MS transforms:N, and a text that appeared or vanished";

/**
 * A filter as it is typed, in a terminal and in the page: `author:ann kind:delete since:2026-11-23T07:00 slow:16 transforms:1`;
 * what is none of these is the text. Quotes keep blanks in one word. Answers what is wrong with it where something is.
 */
export function parseFilter(typed: string): OperationFilter | { fault: string } {
  const filter: OperationFilter = {};
  const texts: string[] = [];
  for (const [, name = "", quoted, plain] of typed.matchAll(/(?:([a-z]+):)?(?:"([^"]*)"|(\S+))/g)) {
    const value = quoted ?? plain ?? "";
    if (name === "author") filter.author = value;
    else if (name === "kind") {
      if (!kinds.includes(value)) return { fault: `kind is one of ${kinds.join(", ")}` };
      filter.kind = value as OperationKind;
    } else if (name === "since" || name === "until") {
      const at = Date.parse(value);
      if (Number.isNaN(at)) return { fault: `${name} is a time, such as 2026-11-23T07:00Z` };
      filter[name] = at;
    } else if (name === "slow" || name === "transforms") {
      const least = Number(value);
      if (!Number.isSafeInteger(least) || least < 1) return { fault: `${name} is a whole number from 1` };
      filter[name === "slow" ? "slowMs" : "transforms"] = least;
    } else texts.push(name === "" || name === "text" ? value : `${name}:${value}`);
  }
  if (texts.length > 0) filter.text = texts.join(" ");
  return filter;
}
