import { useState } from "react";
import { Button } from "./button.tsx";
import { Field } from "./field.tsx";
import "./copy-field.css";

/** Something to be taken elsewhere, such as a link or a token. */
export function CopyField({ label, value }: { label: string; value: string }) {
  const [copied, setCopied] = useState(false);
  return (
    <div className="copy-field">
      <Field label={label} value={value} readOnly onFocus={(event) => event.target.select()} />
      <Button
        onClick={async () => {
          await navigator.clipboard.writeText(value);
          setCopied(true);
        }}
      >
        {copied ? "Copied" : "Copy"}
      </Button>
    </div>
  );
}
