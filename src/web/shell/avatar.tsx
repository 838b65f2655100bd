import type { CSSProperties } from "react";
import { colorOf } from "./color-of.ts";
import "./avatar.css";

/** A person, by their initials and the colour that they have everywhere. */
export function Avatar({ name, color = colorOf(name) }: { name: string; color?: string }) {
  return (
    <span
      className="avatar"
      style={{ "--avatar": color } as CSSProperties}
      title={name}
      data-initials={initials(name)}
      aria-hidden="true"
    />
  );
}

function initials(name: string): string {
  const words = name.trim().split(/\s+/);
  const letters = [words[0], words.length > 1 ? words.at(-1) : undefined];
  return letters
    .map((word) => [...(word ?? "")][0] ?? "")
    .join("")
    .toUpperCase();
}
