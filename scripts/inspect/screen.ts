import { factsOf, latencyText, operationText } from "../../src/time-travel/facts.ts";
import { filterHelp, parseFilter } from "../../src/time-travel/filter-words.ts";
import { matching } from "../../src/time-travel/operation-filter.ts";
import type { Timeline } from "../../src/time-travel/timeline.ts";
import { harmless, tableLine } from "./print.ts";

/** Steps that a whole life is played in. */
const playSteps = 200;

/** A key as Node's readline tells it. */
export interface Key {
  name?: string | undefined;
  sequence?: string | undefined;
  ctrl?: boolean | undefined;
}

interface Piece {
  text: string;
  mark?: "inserted" | "deleted" | "omitted" | undefined;
}

const styles = {
  inserted: "\u001b[30;42m",
  deleted: "\u001b[9;31m",
  omitted: "\u001b[2m",
  bold: "\u001b[1m",
  dim: "\u001b[2m",
  bad: "\u001b[97;41m",
  reverse: "\u001b[7m",
} as const;
const styled = (style: keyof typeof styles, text: string) => `${styles[style]}${text}\u001b[0m`;

/** What the terminal shows of a life, and what keys do to that. Knows no terminal. */
export class Screen {
  readonly #timeline: Timeline;
  version: number;
  isPlaying = false;
  /** What is being typed: a version, or a filter. */
  #typing: { what: "go" | "filter"; text: string } | undefined;
  #filter = "";
  /** Versions that the filter lets through; undefined: all. */
  #matches: readonly number[] | undefined;
  #message = "";

  constructor(timeline: Timeline) {
    this.#timeline = timeline;
    const { fault, last } = timeline;
    this.version = Math.min(fault?.version ?? last, last);
  }

  /** Whether to go on; false: leave. */
  press(key: Key): boolean {
    this.#message = "";
    if (key.ctrl && key.name === "c") return false;
    if (this.#typing) {
      this.#type(key, this.#typing);
      return true;
    }
    const { first, last } = this.#timeline;
    const wasPlaying = this.isPlaying;
    this.isPlaying = false;
    if (key.name === "q") return false;
    if (key.name === "right") this.#go(this.version + 1);
    else if (key.name === "left") this.#go(this.version - 1);
    else if (key.name === "pagedown") this.#go(this.version + 100);
    else if (key.name === "pageup") this.#go(this.version - 100);
    else if (key.name === "home") this.#go(first);
    else if (key.name === "end") this.#go(last);
    else if (key.name === "n" || key.name === "down") this.#next(1);
    else if (key.name === "p" || key.name === "up") this.#next(-1);
    else if (key.name === "g") this.#typing = { what: "go", text: "" };
    else if (key.sequence === "/") this.#typing = { what: "filter", text: this.#filter };
    else if (key.name === "space") {
      this.isPlaying = !wasPlaying;
      if (this.isPlaying && this.version === last) this.version = first;
    }
    return true;
  }

  /** One picture of a life that is played. */
  play(): void {
    const { first, last } = this.#timeline;
    if (this.#matches) this.#next(1);
    else this.#go(this.version + Math.max(1, Math.ceil((last - first) / playSteps)));
    if (this.version === last || this.#message !== "") this.isPlaying = false;
  }

  #type(key: Key, typing: { what: "go" | "filter"; text: string }): void {
    if (key.name === "escape") this.#typing = undefined;
    else if (key.name === "backspace") typing.text = typing.text.slice(0, -1);
    else if (key.name === "return" || key.name === "enter") {
      this.#typing = undefined;
      if (typing.what === "go") this.#go(Number.parseInt(typing.text, 10));
      else this.#search(typing.text.trim());
    } else if (key.sequence && !/\p{Cc}/u.test(key.sequence)) typing.text += key.sequence;
  }

  #go(version: number): void {
    const { first, last } = this.#timeline;
    if (Number.isNaN(version)) this.#message = "a version is a number";
    else this.version = Math.max(first, Math.min(last, version));
  }

  /** To the next match, or just the next operation where nothing is looked for. */
  #next(direction: 1 | -1): void {
    if (!this.#matches) {
      this.#go(this.version + direction);
      return;
    }
    const next =
      direction === 1
        ? this.#matches.find((version) => version > this.version)
        : this.#matches.findLast((version) => version < this.version);
    if (next === undefined) this.#message = "no other";
    else this.version = next;
  }

  #search(typed: string): void {
    const filter = parseFilter(typed);
    if ("fault" in filter) {
      this.#message = filter.fault;
      return;
    }
    this.#filter = typed;
    this.#matches = undefined;
    if (typed === "") return;
    const steps = matching(this.#timeline, filter);
    let step = steps.next();
    while (!step.done) step = steps.next();
    this.#matches = step.value;
    this.#message = `${step.value.length} operations`;
    const nearest = step.value.findLast((version) => version <= this.version) ?? step.value[0];
    if (nearest !== undefined) this.version = nearest;
  }

  /** So many lines of so many columns. */
  lines(columns: number, rows: number): string[] {
    const below = this.#below(columns);
    const head = this.#head(columns);
    const textRows = Math.max(1, rows - head.length - below.length);
    return [...head, ...this.#text(columns, textRows), ...below];
  }

  #head(columns: number): string[] {
    const { bundle, fault, last } = this.#timeline;
    const facts = factsOf(this.#timeline, this.version);
    const at = facts ? new Date(facts.at).toISOString().slice(0, 19).replace("T", " ") : "as it begins";
    const title = `${harmless(bundle.head.documentId)}  version ${this.version} of ${last}  ${at}`;
    const head = [styled("bold", title.slice(0, columns))];
    if (fault) head.push(styled("bad", `version ${fault.version}: ${fault.what}`.slice(0, columns)));
    return [...head, styled("dim", "─".repeat(columns))];
  }

  #below(columns: number): string[] {
    const facts = factsOf(this.#timeline, this.version);
    const lines = [styled("dim", "─".repeat(columns))];
    for (const [label, value] of facts ? this.#facts(facts) : []) {
      const shown = `${label.padEnd(10)} ${harmless(value).replaceAll("\n", "␊")}`;
      lines.push(shown.slice(0, columns));
    }
    for (const version of this.#neighbours()) {
      const line = tableLine(this.#timeline, version).padEnd(columns).slice(0, columns);
      lines.push(version === this.version ? styled("reverse", line) : styled("dim", line));
    }
    lines.push(this.#bar(columns));
    const typing = this.#typing;
    if (typing)
      lines.push(
        `${typing.what === "go" ? "go to version" : "filter"}: ${harmless(typing.text)}▏`.slice(-columns),
      );
    else if (this.#message) lines.push(this.#message.slice(0, columns));
    else {
      const filter = this.#matches ? `[${harmless(this.#filter)}: ${this.#matches.length}]  ` : "";
      const keys = "←→ step  ↑↓ match  PgUp/PgDn 100  Home/End  space play  g go to  / filter  q quit";
      lines.push(styled("dim", `${filter}${keys}`.slice(0, columns)));
    }
    if (typing?.what === "filter") lines.push(styled("dim", filterHelp.slice(0, columns)));
    return lines;
  }

  #facts(facts: NonNullable<ReturnType<typeof factsOf>>): [string, string][] {
    const { by, userId, clientId, actor, seq, base, transforms, op, hash, traceId } = facts;
    const client = clientId === null ? "" : `, client ${clientId}`;
    const over = transforms === undefined ? "" : `, transformed over ${transforms}`;
    return [
      ["author", `${by} ${userId}${client} (actor ${actor}), seq ${seq}`],
      ["base", `${base ?? "not known"}${over}; latency ${latencyText(facts)}; hash ${hash ?? "none"}`],
      ["trace", traceId ?? "none"],
      ["operation", operationText(op, 400)],
    ];
  }

  /** The operations around this one, of those that are looked for. */
  #neighbours(): number[] {
    const { first, last } = this.#timeline;
    if (this.#matches) {
      const index = this.#matches.findLastIndex((version) => version <= this.version);
      return this.#matches.slice(Math.max(0, index - 2), Math.max(0, index - 2) + 5);
    }
    const from = Math.max(first + 1, Math.min(this.version - 2, last - 4));
    return Array.from({ length: Math.min(5, last - from + 1) }, (_, index) => from + index);
  }

  #bar(columns: number): string {
    const { first, last } = this.#timeline;
    const width = Math.max(1, columns - 2);
    const done = last === first ? width : Math.round(((this.version - first) / (last - first)) * width);
    return `${this.isPlaying ? "▶" : " "} ${"━".repeat(done)}${styled("dim", "─".repeat(width - done))}`;
  }

  /** The text around what this operation changed, wrapped. */
  #text(columns: number, rows: number): string[] {
    const stretches = this.#timeline.changed(this.version, columns * rows);
    const lines: Piece[][] = [[]];
    let width = 0;
    const add = (text: string, mark: Piece["mark"]) => {
      for (const sign of text) {
        const cells = isWide(sign) ? 2 : 1;
        if (sign === "\n" || width + cells > columns) {
          if (sign === "\n" && mark && width < columns) put("␊", mark);
          lines.push([]);
          width = 0;
          if (sign === "\n") continue;
        }
        put(sign, mark);
        width += cells;
      }
    };
    const put = (sign: string, mark: Piece["mark"]) => {
      const line = lines.at(-1)!;
      const last = line.at(-1);
      if (last && last.mark === mark) last.text += sign;
      else line.push({ text: sign, mark });
    };
    for (const stretch of stretches) {
      if (stretch.omitted !== undefined) add(` … ${stretch.omitted} units … `, "omitted");
      else add(harmless(stretch.text), stretch.mark);
    }
    const changed = lines.findIndex((line) =>
      line.some(({ mark }) => mark === "inserted" || mark === "deleted"),
    );
    const from = Math.max(0, Math.min(changed - Math.floor(rows / 2), lines.length - rows));
    const shown = lines
      .slice(from, from + rows)
      .map((line) => line.map(({ text, mark }) => (mark ? styled(mark, text) : text)).join(""));
    while (shown.length < rows) shown.push("");
    return shown;
  }
}

/** Signs that take two cells, about: East Asian ones and pictures. */
const isWide = (sign: string): boolean =>
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\p{Emoji_Presentation}]/u.test(
    sign,
  );
