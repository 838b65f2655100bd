import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useLocation } from "wouter";
import { client } from "../client.ts";
import { Button } from "../design/button.tsx";
import { explain } from "../design/explain.ts";
import { documentsKey } from "./documents-query.ts";

/** Makes an empty document, in a workspace or in one's own, and opens it. */
export function NewDocumentButton({ workspaceId }: { workspaceId?: string | undefined }) {
  const [, goTo] = useLocation();
  const queries = useQueryClient();
  const make = useMutation({
    mutationFn: () =>
      client.documents.create({ title: "Untitled", ...(workspaceId && { workspace_id: workspaceId }) }),
    onSuccess: ({ id }) => {
      void queries.invalidateQueries({ queryKey: documentsKey });
      goTo(`/documents/${id}`);
    },
  });
  return (
    <>
      {make.isError && <span role="alert">{explain(make.error)}</span>}
      <Button look="primary" busy={make.isPending} onClick={() => make.mutate()}>
        New document
      </Button>
    </>
  );
}
