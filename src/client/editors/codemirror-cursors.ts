import { EditorSelection, type Extension, type SelectionRange, StateEffect } from "@codemirror/state";
import {
  EditorView,
  type LayerMarker,
  layer,
  RectangleMarker,
  ViewPlugin,
  type ViewUpdate,
} from "@codemirror/view";
import type { DocumentSession } from "../document-session.ts";

/** Others moved without a change of the document. */
const moved = StateEffect.define<null>();

/**
 * Where the others are: their selections in their colour, and their carets with their names. Drawn beside the text and not
 * in it, and coloured through the object model, as a strict content security policy wants it.
 */
export function remoteCursors(session: DocumentSession): Extension {
  const update = (change: ViewUpdate) =>
    change.docChanged ||
    change.transactions.some(({ effects }) => effects.some((effect) => effect.is(moved)));
  return [
    layer({
      above: false,
      class: "cm-otherSelections",
      update,
      markers: (view) => markersOf(session, view, EditorSelection.range, SelectionMarker),
    }),
    layer({
      above: true,
      class: "cm-otherCarets",
      update,
      markers: (view) => markersOf(session, view, (_, head) => EditorSelection.cursor(head), CaretMarker),
    }),
    ViewPlugin.define((view) => ({
      destroy: session.on("presence", () => view.dispatch({ effects: moved.of(null) })),
    })),
    theme,
  ];
}

type Marker = new (rectangle: RectangleMarker, name: string, color: string) => LayerMarker;

/** A selection is drawn as its range, and as a caret where it ends. */
function markersOf(
  session: DocumentSession,
  view: EditorView,
  rangeOf: (anchor: number, head: number) => SelectionRange,
  Marker: Marker,
): LayerMarker[] {
  const within = (position: number) => Math.min(position, view.state.doc.length);
  return session.others.flatMap(({ name, color, selections }) =>
    selections
      .map(([anchor, head]) => rangeOf(within(anchor), within(head)))
      .flatMap((range) => RectangleMarker.forRange(view, "", range))
      .map((rectangle) => new Marker(rectangle, name, color)),
  );
}

class SelectionMarker implements LayerMarker {
  protected readonly rectangle: RectangleMarker;
  protected readonly name: string;
  protected readonly color: string;

  constructor(rectangle: RectangleMarker, name: string, color: string) {
    this.rectangle = rectangle;
    this.name = name;
    this.color = color;
  }

  eq(other: SelectionMarker): boolean {
    return other.name === this.name && other.color === this.color && other.rectangle.eq(this.rectangle);
  }

  draw(): HTMLElement {
    const drawn = this.rectangle.draw();
    drawn.className = "cm-otherSelection";
    drawn.style.setProperty("--other", this.color);
    return drawn;
  }
}

class CaretMarker extends SelectionMarker {
  override draw(): HTMLElement {
    const drawn = super.draw();
    drawn.className = "cm-otherCaret";
    const flag = drawn.appendChild(document.createElement("span"));
    flag.className = "cm-otherName";
    flag.textContent = this.name;
    return drawn;
  }
}

const theme = EditorView.baseTheme({
  ".cm-otherSelection": { background: "var(--other)", opacity: "0.25" },
  ".cm-otherCaret": { borderLeft: "2px solid var(--other)", marginLeft: "-1px" },
  ".cm-otherName": {
    position: "absolute",
    bottom: "100%",
    left: "-2px",
    padding: "0 4px",
    borderRadius: "3px 3px 3px 0",
    background: "var(--other)",
    color: "#fff",
    font: "600 11px/1.4 system-ui, sans-serif",
    whiteSpace: "nowrap",
    pointerEvents: "none",
  },
});
