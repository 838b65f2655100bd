import type { ReactNode } from "react";
import { MateriError } from "../../client/index.ts";
import { Fault } from "./notice.tsx";
import "./form.css";

/** A form that a page sends. */
export function Form({ onSubmit, children }: { onSubmit: () => void; children: ReactNode }) {
  return (
    <form
      className="form"
      onSubmit={(event) => {
        event.preventDefault();
        onSubmit();
      }}
    >
      {children}
    </form>
  );
}

/** Why it was refused as a whole; what is wrong with a field stands at the field. */
export function FormFault({ error }: { error: unknown }) {
  if (!error || (error instanceof MateriError && error.errors.length > 0)) return null;
  return <Fault error={error} />;
}
