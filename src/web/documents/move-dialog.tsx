import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { client } from "../client.ts";
import { Button } from "../design/button.tsx";
import { Dialog } from "../design/dialog.tsx";
import { Select } from "../design/field.tsx";
import { Form, FormFault } from "../design/form.tsx";
import { workspacesQuery } from "../workspaces/workspaces-query.ts";
import type { ListedDocument } from "./document-list.tsx";
import { documentsKey } from "./documents-query.ts";

export function MoveDialog({ document, onClose }: { document: ListedDocument; onClose: () => void }) {
  const queries = useQueryClient();
  const workspaces = useQuery(workspacesQuery);
  const [to, setTo] = useState(document.workspace_id);
  const move = useMutation({
    mutationFn: () => client.documents.move(document.id, { workspace_id: to }),
    onSuccess: () => {
      onClose();
      return queries.invalidateQueries({ queryKey: documentsKey });
    },
  });
  const places = workspaces.data?.filter(({ role, deleted_at }) => role !== "viewer" && deleted_at === null);
  return (
    <Dialog title={`Move “${document.title}”`} onClose={onClose}>
      <Form onSubmit={move.mutate}>
        <Select
          label="To the workspace"
          hint="The people of that workspace get access, those of the present one lose it."
          value={to}
          onChange={(event) => setTo(event.target.value)}
        >
          {places?.map(({ id, name }) => (
            <option key={id} value={id}>
              {name}
            </option>
          ))}
        </Select>
        <FormFault error={move.error ?? workspaces.error} />
        <div className="dialog-actions">
          <Button onClick={onClose}>Cancel</Button>
          <Button look="primary" type="submit" busy={move.isPending} disabled={to === document.workspace_id}>
            Move
          </Button>
        </div>
      </Form>
    </Dialog>
  );
}
