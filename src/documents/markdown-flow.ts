import type {
  Blockquote,
  Delete,
  Emphasis,
  Heading,
  Link,
  List,
  ListItem,
  Paragraph,
  PhrasingContent,
  Root,
  Strong,
  Table,
  TableCell,
  TableRow,
} from "mdast";

/** What stands for itself on its lines, and holds the like. */
type Block = Blockquote | List | ListItem;
/** What holds the words of a line, or of several that were broken for their length. */
type Line = Paragraph | Heading | TableCell;
type Format = Strong | Emphasis | Delete | Link;

/** How deep quotes and lists nest; what is deeper stands in the last. */
const maxDepth = 16;

/**
 * Builds a Markdown tree (mdast) from what an HTML parser meets, in the order in which it meets it. Every method that opens
 * something returns what closes it.
 */
export class Flow {
  readonly #root: Root = { type: "root", children: [] };
  readonly #blocks: Block[] = [];
  /** The line being written, and those formats that are open in it, each a child of the one before. */
  #line: { node: Line; open: Format[] } | undefined;
  /** Formats that hold for what comes, whichever lines it stands on; each kind once. */
  readonly #formats: Format[] = [];
  /** There was white space, which counts if something follows on the line. */
  #space = false;
  #table: Table | undefined;
  #row: TableRow | undefined;
  /** Code that is being collected, as it stands. */
  #code: { text: string; language: string | undefined } | undefined;

  end(): Root {
    this.boundary();
    return this.#root;
  }

  text(text: string): void {
    if (this.#code) {
      this.#code.text += text;
      return;
    }
    const value = text.replaceAll(/[\t\n\f\r ]+/g, " ");
    // Blanks alone: a no-break space is a sign.
    const words = value.replaceAll(/^ | $/g, "");
    if (value.startsWith(" ")) this.#space = true;
    if (words === "") return;
    this.leaf({ type: "text", value: words });
    this.#space = value.endsWith(" ");
  }

  /** Something on a line: begins one, if there is none. */
  leaf(node: PhrasingContent): void {
    const line = this.#line ?? this.#newLine();
    const keep = line.open.length;
    const deepest = line.open.at(-1) ?? line.node;
    // Before the formats that begin here, since none begins with a blank.
    if (this.#space && line.node.children.length > 0) append(deepest, { type: "text", value: " " });
    this.#space = false;
    for (const format of this.#formats.slice(keep)) {
      const copy = { ...format, children: [] };
      append(line.open.at(-1) ?? line.node, copy);
      line.open.push(copy);
    }
    append(line.open.at(-1) ?? line.node, node);
  }

  lineBreak(): void {
    if (this.#code) this.#code.text += "\n";
    else if (this.#line?.node.type === "paragraph") {
      this.#space = false;
      this.leaf({ type: "break" });
    } else this.#space = true;
  }

  /** Undefined, or a kind that is open already: nothing. */
  format(format: Format | undefined): () => void {
    if (!format || this.#code || this.#formats.some(({ type }) => type === format.type)) return () => {};
    this.#formats.push(format);
    const depth = this.#formats.length;
    return () => {
      this.#formats.length = Math.min(this.#formats.length, depth - 1);
      if (this.#line) this.#line.open.length = Math.min(this.#line.open.length, depth - 1);
    };
  }

  /** Where one line, or block, ends and another begins. */
  boundary(): void {
    const { node } = this.#line ?? {};
    // On a line that cannot be broken, a blank.
    if (node?.type === "tableCell" || node?.type === "heading") {
      this.#space = true;
      return;
    }
    this.#endLine();
  }

  /** A line of a kind of its own. */
  line(node: Heading): () => void {
    if (this.#table || this.#code) return this.#within();
    this.#endLine();
    this.#line = { node, open: [] };
    return () => {
      // Empty ones are left out.
      if (node.children.length > 0) this.#container().push(node);
      if (this.#line?.node === node) this.#endLine();
    };
  }

  block(node: Block): () => void {
    if (this.#table || this.#code || this.#line?.node.type === "heading") return this.#within();
    this.#endLine();
    if (this.#blocks.length >= maxDepth) return this.#within();
    const parent = this.#blocks.at(-1);
    const isItem = node.type === "listItem";
    if (isItem && parent?.type !== "list") return this.#within();
    if (isItem) (parent as List).children.push(node);
    else this.#container().push(node);
    this.#blocks.push(node);
    const depth = this.#blocks.length;
    return () => {
      this.#endLine();
      this.#blocks.length = Math.min(this.#blocks.length, depth - 1);
      if (node.type === "list" && node.children.length === 0) this.#remove(node);
    };
  }

  /** The box before an item of a list. */
  check(checked: boolean): void {
    const item = this.#blocks.at(-1);
    if (item?.type === "listItem" && item.children.length === 0 && !this.#line) item.checked = checked;
  }

  preformatted(language: string | undefined): () => void {
    if (this.#table || this.#code || this.#line?.node.type === "heading") return this.#within();
    this.#endLine();
    const code = { text: "", language };
    this.#code = code;
    return () => {
      this.#code = undefined;
      // HTML leaves out the line end after the tag; the last belongs to the fence.
      const value = code.text.replace(/^\r?\n/, "").replace(/\n$/, "");
      if (value.trim() !== "") this.#container().push({ type: "code", lang: code.language ?? null, value });
    };
  }

  code(language: string | undefined): () => void {
    if (this.#code) {
      this.#code.language ??= language;
      return () => {};
    }
    const code = { text: "", language };
    this.#code = code;
    return () => {
      this.#code = undefined;
      const value = code.text.replaceAll(/\s+/g, " ");
      if (value.trim() !== "") this.leaf({ type: "inlineCode", value });
    };
  }

  table(): () => void {
    if (this.#table || this.#code || this.#line?.node.type === "heading") return this.#within();
    this.#endLine();
    const table: Table = { type: "table", children: [] };
    this.#container().push(table);
    this.#table = table;
    return () => {
      this.#endLine();
      this.#table = undefined;
      this.#row = undefined;
      if (table.children.length === 0) this.#remove(table);
    };
  }

  row(): () => void {
    if (!this.#table) return this.#within();
    this.#endLine();
    this.#row = { type: "tableRow", children: [] };
    this.#table.children.push(this.#row);
    return () => {
      this.#endLine();
      this.#row = undefined;
    };
  }

  cell(): () => void {
    if (!this.#table) return this.#within();
    this.#endLine();
    this.#newLine();
    return () => this.#endLine();
  }

  rule(): void {
    if (this.#table || this.#code || this.#line?.node.type === "heading") this.boundary();
    else {
      this.#endLine();
      this.#container().push({ type: "thematicBreak" });
    }
  }

  /** For what begins and ends a line and is nothing else, where it stands. */
  #within(): () => void {
    this.boundary();
    return () => this.boundary();
  }

  #newLine(): { node: Line; open: Format[] } {
    let node: Line = { type: "paragraph", children: [] };
    if (this.#table) {
      if (!this.#row) this.row();
      node = { type: "tableCell", children: [] };
      this.#row!.children.push(node);
    } else this.#container().push(node);
    this.#line = { node, open: [] };
    return this.#line;
  }

  #endLine(): void {
    const children = this.#line?.node.children;
    if (children?.at(-1)?.type === "break") children.pop();
    this.#line = undefined;
    this.#space = false;
  }

  /** Where blocks go: in a list, into its last item. */
  #container(): Root["children"] {
    const block = this.#blocks.at(-1);
    if (!block) return this.#root.children;
    if (block.type !== "list") return block.children;
    const item: ListItem = block.children.at(-1) ?? { type: "listItem", spread: false, children: [] };
    if (block.children.length === 0) block.children.push(item);
    return item.children;
  }

  #remove(node: Table | List): void {
    const siblings = this.#container();
    if (siblings.at(-1) === node) siblings.pop();
  }
}

function append({ children }: Line | Format, node: PhrasingContent): void {
  const last = children.at(-1);
  if (last?.type === "text" && node.type === "text") last.value += node.value;
  else children.push(node);
}
