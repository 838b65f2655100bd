import { type InputHTMLAttributes, type ReactNode, type SelectHTMLAttributes, useId } from "react";
import "./field.css";

interface Labelled {
  label: string;
  hint?: ReactNode;
  /** What is wrong with the value, said so that one knows what to do. */
  fault?: string | undefined;
}

export function Field({ label, hint, fault, ...input }: Labelled & InputHTMLAttributes<HTMLInputElement>) {
  const id = useId();
  return (
    <div className="field">
      <label className="field-label" htmlFor={id}>
        {label}
      </label>
      <input {...input} {...described(id, { hint, fault })} className="input" />
      <Notes id={id} hint={hint} fault={fault} />
    </div>
  );
}

export function Select({
  label,
  hint,
  fault,
  ...select
}: Labelled & SelectHTMLAttributes<HTMLSelectElement>) {
  const id = useId();
  return (
    <div className="field">
      <label className="field-label" htmlFor={id}>
        {label}
      </label>
      <select {...select} {...described(id, { hint, fault })} className="input" />
      <Notes id={id} hint={hint} fault={fault} />
    </div>
  );
}

type NotesOf = Pick<Labelled, "hint" | "fault">;

function described(id: string, { hint, fault }: NotesOf) {
  const notes = [hint && `${id}-hint`, fault && `${id}-fault`].filter(Boolean).join(" ");
  return { id, "aria-invalid": fault ? true : undefined, "aria-describedby": notes || undefined };
}

function Notes({ id, hint, fault }: NotesOf & { id: string }) {
  return (
    <>
      {hint && (
        <p className="field-hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
      {fault && (
        <p className="field-fault" id={`${id}-fault`}>
          {fault}
        </p>
      )}
    </>
  );
}
