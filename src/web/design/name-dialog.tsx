import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { Button } from "./button.tsx";
import { Dialog } from "./dialog.tsx";
import { faultOf } from "./explain.ts";
import { Field } from "./field.tsx";
import { Form, FormFault } from "./form.tsx";

interface NameDialogProps<Saved> {
  title: string;
  hint: string;
  /** What is done with the name: "Create". */
  action: string;
  save: (name: string) => Promise<Saved>;
  onSaved: (saved: Saved) => unknown;
  onClose: () => void;
}

/** Asks for a name, and for nothing else. */
export function NameDialog<Saved>({ title, hint, action, save, onSaved, onClose }: NameDialogProps<Saved>) {
  const [name, setName] = useState("");
  const saving = useMutation({ mutationFn: () => save(name), onSuccess: onSaved });
  return (
    <Dialog title={title} onClose={onClose}>
      <Form onSubmit={saving.mutate}>
        <Field
          label="Name"
          hint={hint}
          value={name}
          onChange={(event) => setName(event.target.value)}
          fault={faultOf(saving.error, "name")}
          autoFocus
          required
        />
        <FormFault error={saving.error} />
        <div className="dialog-actions">
          <Button onClick={onClose}>Cancel</Button>
          <Button look="primary" type="submit" busy={saving.isPending}>
            {action}
          </Button>
        </div>
      </Form>
    </Dialog>
  );
}
