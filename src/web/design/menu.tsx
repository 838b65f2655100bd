import { type KeyboardEvent, type ReactNode, useEffect, useId, useRef, useState } from "react";
import { buttonClass } from "./button.tsx";
import "./menu.css";

interface MenuProps {
  /** Says what it is to those who hear it. */
  label: string;
  /** What is seen of it. */
  face: ReactNode;
  /** Buttons and links, with `role="menuitem"`. */
  children: ReactNode;
}

/** A button that opens a list of things to do. Arrow keys walk it, Escape and a click elsewhere close it. */
export function Menu({ label, face, children }: MenuProps) {
  const [open, setOpen] = useState(false);
  const root = useRef<HTMLDivElement>(null);
  const id = useId();

  useEffect(() => {
    if (!open) return;
    itemsOf(root.current)[0]?.focus();
    const close = (event: PointerEvent) => {
      if (!root.current?.contains(event.target as Node)) setOpen(false);
    };
    document.addEventListener("pointerdown", close);
    return () => document.removeEventListener("pointerdown", close);
  }, [open]);

  const onKeyDown = (event: KeyboardEvent) => {
    if (!open) return;
    const items = itemsOf(root.current);
    const at = items.indexOf(document.activeElement as HTMLElement);
    if (event.key === "ArrowDown") items[(at + 1) % items.length]?.focus();
    else if (event.key === "ArrowUp") items[(at - 1 + items.length) % items.length]?.focus();
    else if (event.key === "Escape") {
      setOpen(false);
      root.current?.querySelector<HTMLElement>("[aria-haspopup]")?.focus();
    } else if (event.key === "Tab") setOpen(false);
    else return;
    if (event.key !== "Tab") event.preventDefault();
  };

  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the keys are those of the button and the items in it
    <div className="menu" ref={root} onKeyDown={onKeyDown}>
      <button
        type="button"
        className={buttonClass("quiet", true)}
        aria-haspopup="menu"
        aria-expanded={open}
        aria-controls={id}
        onClick={() => setOpen(!open)}
      >
        <span className="heard-only">{label}</span>
        <span aria-hidden="true">{face}</span>
      </button>
      {open && (
        // biome-ignore lint/a11y/useKeyWithClickEvents: a click on an item closes it, and its key is a click
        <div
          className="menu-items"
          id={id}
          role="menu"
          aria-label={label}
          tabIndex={-1}
          onClick={() => setOpen(false)}
        >
          {children}
        </div>
      )}
    </div>
  );
}

const itemsOf = (root: HTMLElement | null): HTMLElement[] => [
  ...(root?.querySelectorAll<HTMLElement>('[role="menuitem"]') ?? []),
];
