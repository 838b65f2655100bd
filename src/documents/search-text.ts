/**
 * How texts and questions become what FTS5 compares. Its tokenizer (unicode61) takes a run of letters and digits for a
 * word, without case and diacritics, which is right where words stand apart. Where they do not (Chinese, Japanese, Thai …),
 * a whole sentence would be one word; so each sign is set apart and becomes a token, and a word is found as a phrase of
 * them. The other tokenizer that fits, trigram, finds nothing of fewer than three signs, as most words of these languages
 * have, nor `go` or `C`, and its index is several times as large. Emoji are signs, too.
 */
const sign =
  "[\\p{scx=Han}\\p{scx=Hiragana}\\p{scx=Katakana}\\p{scx=Hangul}\\p{scx=Thai}\\p{scx=Lao}\\p{scx=Khmer}\\p{scx=Myanmar}\\p{So}]";
const aroundSigns = new RegExp(`(?=${sign})|(?<=${sign})`, "gu");

/** ZERO WIDTH SPACE: no token, and not seen in what FTS5 quotes. */
const apart = "\u200b";

/** What FTS5 is told to put around hits: noncharacters (Unicode §23.7), which no indexed text has. */
export const marks = { before: "\ufdd0", after: "\ufdd1" } as const;

const ours = new RegExp(`[${apart}${marks.before}${marks.after}]`, "g");

/** A text as it is indexed. */
export function indexedText(text: string): string {
  return text.replaceAll(ours, "").replaceAll(aroundSigns, apart);
}

/** A piece of a text that was found; `hit`: it is what was asked for. */
export interface Piece {
  text: string;
  hit: boolean;
}

/** What FTS5 quotes of an indexed text, as pieces of the text itself: whoever shows them decides how a hit looks. */
export function piecesOf(quoted: string): Piece[] {
  return quoted
    .replaceAll(apart, "")
    .split(marks.before)
    .flatMap((part, index) => {
      const [first = "", second = ""] = part.split(marks.after);
      return index === 0
        ? [{ text: first, hit: false }]
        : [
            { text: first, hit: true },
            { text: second, hit: false },
          ];
    })
    .filter(({ text }) => text !== "");
}

/**
 * The FTS5 query for what a person asks: all of the words, "several in quotes" as they stand there, and the last as the
 * beginning of a word, unless it is in quotes. All of it goes into FTS5 strings, so nothing of it is syntax.
 * Undefined where there is nothing to look for.
 */
export function matchOf(question: string): string | undefined {
  const phrases = [...question.matchAll(/"([^"]*)"|[^\s"]+/g)].filter(([phrase]) =>
    /[\p{L}\p{N}\p{Co}\p{So}]/u.test(phrase),
  );
  const terms = phrases.map(
    ([phrase, quoted], index) =>
      `"${indexedText(quoted ?? phrase)}"${index === phrases.length - 1 && quoted === undefined ? "*" : ""}`,
  );
  return terms.length > 0 ? terms.join(" AND ") : undefined;
}

/** The tokens of a workspace and of a document in an index row's scope. */
export const workspaceToken = (id: string): string => `w${id.replaceAll("-", "")}`;
export const documentToken = (id: string): string => `d${id.replaceAll("-", "")}`;
