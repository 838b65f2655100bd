import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useLocation } from "wouter";
import type { Workspace } from "../../client/index.ts";
import { client } from "../client.ts";
import { Button } from "../design/button.tsx";
import { Confirm } from "../design/dialog.tsx";
import { faultOf } from "../design/explain.ts";
import { Field } from "../design/field.tsx";
import { Form, FormFault } from "../design/form.tsx";
import { Section } from "../design/section.tsx";
import { documentsKey } from "../documents/documents-query.ts";
import { workspacesQuery } from "./workspaces-query.ts";

export function WorkspaceSettingsPage({ workspace }: { workspace: Workspace }) {
  const queries = useQueryClient();
  const [name, setName] = useState(workspace.name);
  const rename = useMutation({
    mutationFn: () => client.workspaces.update(workspace.id, { name }),
    onSuccess: () => queries.invalidateQueries(workspacesQuery),
  });
  return (
    <>
      <Section title="Name">
        <Form onSubmit={rename.mutate}>
          <Field
            label="Name of the workspace"
            value={name}
            onChange={(event) => setName(event.target.value)}
            fault={faultOf(rename.error, "name")}
            required
          />
          <FormFault error={rename.error} />
          <div>
            <Button look="primary" type="submit" busy={rename.isPending} disabled={name === workspace.name}>
              Rename
            </Button>
          </div>
        </Form>
      </Section>
      {workspace.role === "owner" && !workspace.personal && <Deletion workspace={workspace} />}
    </>
  );
}

function Deletion({ workspace }: { workspace: Workspace }) {
  const queries = useQueryClient();
  const [, goTo] = useLocation();
  const [asking, setAsking] = useState(false);
  const remove = useMutation({
    mutationFn: () => client.workspaces.delete(workspace.id),
    onSuccess: async () => {
      goTo("/trash");
      await queries.invalidateQueries({ queryKey: documentsKey });
      await queries.invalidateQueries(workspacesQuery);
    },
  });
  return (
    <Section
      title="Delete the workspace"
      about="It goes away for all members at once, with all of its documents. Its owners can bring it back from the trash for 30 days; then it is erased."
    >
      <Button look="danger" onClick={() => setAsking(true)}>
        Delete the workspace…
      </Button>
      {asking && (
        <Confirm
          title={`Delete “${workspace.name}”?`}
          action="Delete it"
          busy={remove.isPending}
          onConfirm={() => remove.mutate()}
          onClose={() => setAsking(false)}
        >
          <p>
            Whoever has one of its documents open loses it now. You find the workspace in the trash for 30
            days.
          </p>
          <FormFault error={remove.error} />
        </Confirm>
      )}
    </Section>
  );
}
