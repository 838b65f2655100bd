import { Parser } from "htmlparser2";
import type { Link, Root } from "mdast";
import { gfmToMarkdown } from "mdast-util-gfm";
import { toMarkdown } from "mdast-util-to-markdown";
import { Flow } from "./markdown-flow.ts";

// Libraries read the HTML and write the Markdown; what is here says which element becomes what. The ready-made converters
// were measured (decision 0011): nested elements of a hundred kilobytes kept each of them busy for a minute or more. Here
// nothing is recursive, and how deep anything nests is bounded.

/** Elements of which nothing is text of the document. */
const silent = new Set(
  "script style template noscript iframe object svg math select textarea button audio video canvas".split(
    " ",
  ),
);

const headings: Record<string, 1 | 2 | 3 | 4 | 5 | 6> = { h1: 1, h2: 2, h3: 3, h4: 4, h5: 5, h6: 6 };

const formats: Record<string, "strong" | "emphasis" | "delete"> = {
  b: "strong",
  strong: "strong",
  i: "emphasis",
  em: "emphasis",
  s: "delete",
  del: "delete",
  strike: "delete",
};

/** Elements within a line; all others begin and end one. */
const inline = new Set(
  "abbr acronym bdi bdo big cite data dfn font ins label mark q rp rt ruby small span sub sup time u var wbr input".split(
    " ",
  ),
);

const code = new Set(["code", "kbd", "samp", "tt"]);

/** What of an HTML text can be said in Markdown (GFM), and its `<title>`, if it has one. */
export function htmlToMarkdown(html: string): { title: string | undefined; markdown: string } {
  const flow = new Flow();
  /** What the end of each open element does. */
  const ends: (() => void)[] = [];
  let title: string | undefined;
  let inTitle = false;
  let silence = 0;

  const open = (name: string, attributes: Record<string, string>): (() => void) => {
    // There is one title, and none is text.
    if (silent.has(name) || (name === "title" && title !== undefined)) {
      silence += 1;
      return () => {
        silence -= 1;
      };
    }
    if (silence > 0) return nothing;
    if (name === "title") {
      inTitle = true;
      return () => {
        inTitle = false;
      };
    }
    if (inline.has(name)) {
      if (name === "input" && attributes.type === "checkbox") flow.check("checked" in attributes);
      return nothing;
    }
    if (name === "br") flow.lineBreak();
    else if (name === "img") image(flow, attributes);
    else if (name === "a") return flow.format(linkTo(attributes));
    else if (formats[name]) return flow.format({ type: formats[name], children: [] });
    else if (code.has(name)) return flow.code(languageOf(attributes));
    else return openBlock(flow, name, attributes);
    return nothing;
  };

  const parser = new Parser(
    {
      onopentag: (name, attributes) => ends.push(open(name, attributes)),
      onclosetag: () => ends.pop()?.(),
      ontext: (text) => {
        if (inTitle) title = (title ?? "") + text;
        else if (silence === 0) flow.text(text);
      },
    },
    { decodeEntities: true },
  );
  parser.end(html);
  const tree = flow.end();
  return { title, markdown: markdownOf(tree) };
}

const nothing = () => {};

function openBlock(flow: Flow, name: string, attributes: Record<string, string>): () => void {
  const depth = headings[name];
  if (depth) return flow.line({ type: "heading", depth, children: [] });
  switch (name) {
    case "blockquote":
      return flow.block({ type: "blockquote", children: [] });
    case "ul":
    case "menu":
    case "dir":
      return flow.block({ type: "list", ordered: false, spread: false, children: [] });
    case "ol": {
      const start = Number.parseInt(attributes.start ?? "1", 10);
      const isNumber = start >= 0 && start < 1_000_000_000;
      return flow.block({
        type: "list",
        ordered: true,
        start: isNumber ? start : 1,
        spread: false,
        children: [],
      });
    }
    case "li":
      return flow.block({ type: "listItem", spread: false, children: [] });
    case "pre":
      return flow.preformatted(languageOf(attributes));
    case "table":
      return flow.table();
    case "tr":
      return flow.row();
    case "td":
    case "th":
      return flow.cell();
    case "hr":
      flow.rule();
      return nothing;
    default:
      flow.boundary();
      return () => flow.boundary();
  }
}

/**
 * An address that Markdown may lead to, as browsers read it (https://url.spec.whatwg.org/#url-parsing): without line ends, tabs
 * and what is around it. Undefined for others, which are scripts, or files of whoever reads it.
 */
function addressOf(value = ""): string | undefined {
  const address = value.replaceAll(/[\t\n\r]/g, "").replaceAll(/^[\0- ]+|[\0- ]+$/g, "");
  const isOpen = /^(https?:|mailto:|tel:|(?![a-z][\w+.-]*:))/i.test(address);
  return address !== "" && isOpen ? address : undefined;
}

function linkTo({ href, title }: Record<string, string>): Link | undefined {
  const url = addressOf(href);
  return url === undefined ? undefined : { type: "link", url, title: title ?? null, children: [] };
}

function image(flow: Flow, { src, alt = "", title }: Record<string, string>): void {
  const url = addressOf(src);
  if (url === undefined) flow.text(alt);
  else flow.leaf({ type: "image", url, alt, title: title ?? null });
}

/** As highlighters write it: `class="language-js"`. */
const languageOf = ({ class: name = "" }: Record<string, string>) =>
  /\blang(?:uage)?-([\w+#.-]+)/.exec(name)?.[1];

const markdownOf = (tree: Root): string =>
  toMarkdown(tree, {
    extensions: [gfmToMarkdown({ tablePipeAlign: false })],
    bullet: "-",
    emphasis: "_",
    rule: "-",
  });
