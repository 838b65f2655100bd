import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { client } from "../client.ts";
import { Button } from "../design/button.tsx";
import { Confirm } from "../design/dialog.tsx";
import { Empty, Fault } from "../design/notice.tsx";
import { useTitle } from "../shell/title.ts";
import { DeletedWorkspaces } from "../workspaces/deleted-workspaces.tsx";
import { workspacesQuery } from "../workspaces/workspaces-query.ts";
import { DocumentList, type ListedDocument } from "./document-list.tsx";
import { documentsKey } from "./documents-query.ts";

export function TrashPage() {
  useTitle("Trash");
  const queries = useQueryClient();
  const changed = { onSettled: () => queries.invalidateQueries({ queryKey: documentsKey }) };
  const restore = useMutation({ mutationFn: (id: string) => client.documents.restore(id), ...changed });
  const erase = useMutation({
    mutationFn: (id: string) => client.documents.delete(id, { permanent: "true" }),
    ...changed,
    onSuccess: () => setErasing(undefined),
  });
  const [erasing, setErasing] = useState<ListedDocument>();
  const error = restore.error ?? erase.error;
  const workspaces = useQuery(workspacesQuery).data?.filter(({ deleted_at }) => deleted_at !== null) ?? [];
  return (
    <>
      <div className="page-head">
        <h1>Trash</h1>
      </div>
      {error && <Fault error={error} />}
      {workspaces.length > 0 && <DeletedWorkspaces workspaces={workspaces} />}
      <DocumentList
        filter={{ deleted: "true" }}
        actions={(document) => (
          <>
            <Button small onClick={() => restore.mutate(document.id)}>
              Restore
            </Button>
            <Button small look="quiet" onClick={() => setErasing(document)}>
              Erase
            </Button>
          </>
        )}
        empty={
          <Empty title={workspaces.length > 0 ? "No documents in the trash" : "The trash is empty"}>
            <p>Deleted documents stay here for 30 days, then they are erased.</p>
          </Empty>
        }
      />
      {erasing && (
        <Confirm
          title={`Erase “${erasing.title}”?`}
          action="Erase for good"
          busy={erase.isPending}
          onConfirm={() => erase.mutate(erasing.id)}
          onClose={() => setErasing(undefined)}
        >
          <p>Its text and its whole history are deleted now. Nobody can bring them back.</p>
        </Confirm>
      )}
    </>
  );
}
