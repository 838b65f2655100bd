import type { ButtonHTMLAttributes } from "react";
import "./button.css";

interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  /** The one thing that a page is for is `primary`; what cannot be undone is `danger`. */
  look?: "primary" | "plain" | "quiet" | "danger";
  small?: boolean;
  /** What it began is not done yet: it stays where it is, and is not pressed twice. */
  busy?: boolean | undefined;
}

/** The class of a link that looks like a button. */
export const buttonClass = (look: ButtonProps["look"] = "plain", small = false): string =>
  `button button-${look}${small ? " button-small" : ""}`;

export function Button({ look, small, busy, className = "", type = "button", ...rest }: ButtonProps) {
  return (
    <button
      {...rest}
      type={type}
      className={`${buttonClass(look, small)} ${className}`}
      aria-busy={busy || undefined}
      disabled={busy || rest.disabled}
    />
  );
}
