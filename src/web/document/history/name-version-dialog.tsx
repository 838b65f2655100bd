import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { Button } from "../../design/button.tsx";
import { Dialog } from "../../design/dialog.tsx";
import { faultOf } from "../../design/explain.ts";
import { Field } from "../../design/field.tsx";
import { Form, FormFault } from "../../design/form.tsx";
import { useClient } from "../document-client.ts";

interface NameVersionProps {
  id: string;
  version: number;
  onClose: () => void;
  onNamed: () => unknown;
}

export function NameVersionDialog({ id, version, onClose, onNamed }: NameVersionProps) {
  const client = useClient();
  const [name, setName] = useState("");
  const save = useMutation({
    mutationFn: () => client.history.name(id, version, { name }),
    onSuccess: onNamed,
  });
  return (
    <Dialog title={`Name version ${version}`} onClose={onClose}>
      <Form onSubmit={save.mutate}>
        <Field
          label="Name"
          hint="Such as “as sent to the printer”."
          value={name}
          onChange={(event) => setName(event.target.value)}
          fault={faultOf(save.error, "name")}
          autoFocus
          required
        />
        <FormFault error={save.error} />
        <div className="dialog-actions">
          <Button onClick={onClose}>Cancel</Button>
          <Button look="primary" type="submit" busy={save.isPending}>
            Save
          </Button>
        </div>
      </Form>
    </Dialog>
  );
}
