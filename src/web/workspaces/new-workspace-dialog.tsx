import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { client } from "../client.ts";
import { Button } from "../design/button.tsx";
import { Dialog } from "../design/dialog.tsx";
import { faultOf } from "../design/explain.ts";
import { Field } from "../design/field.tsx";
import { Form, FormFault } from "../design/form.tsx";

export function NewWorkspaceDialog({
  onClose,
  onMade,
}: {
  onClose: () => void;
  onMade: (workspace: { id: string }) => unknown;
}) {
  const [name, setName] = useState("");
  const make = useMutation({ mutationFn: () => client.workspaces.create({ name }), onSuccess: onMade });
  return (
    <Dialog title="New workspace" onClose={onClose}>
      <Form onSubmit={make.mutate}>
        <Field
          label="Name"
          hint="A place for documents, and for the people who work on them."
          value={name}
          onChange={(event) => setName(event.target.value)}
          fault={faultOf(make.error, "name")}
          autoFocus
          required
        />
        <FormFault error={make.error} />
        <div className="dialog-actions">
          <Button onClick={onClose}>Cancel</Button>
          <Button look="primary" type="submit" busy={make.isPending}>
            Create
          </Button>
        </div>
      </Form>
    </Dialog>
  );
}
