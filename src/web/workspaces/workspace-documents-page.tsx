import type { Workspace } from "../../client/index.ts";
import { Empty } from "../design/notice.tsx";
import { DocumentList } from "../documents/document-list.tsx";
import { DocumentMenu } from "../documents/document-menu.tsx";
import { ImportArea } from "../documents/import-area.tsx";
import { NewDocumentButton } from "../documents/new-document-button.tsx";
import { writes } from "./roles.ts";

export function WorkspaceDocumentsPage({ workspace: { id, role } }: { workspace: Workspace }) {
  if (!writes(role))
    return <Documents workspaceId={id} hint="You may read here; those who may write have not begun." />;
  return (
    <ImportArea workspaceId={id}>
      {(importButton) => (
        <>
          <div className="page-actions page-actions-above">
            {importButton}
            <NewDocumentButton workspaceId={id} />
          </div>
          <Documents workspaceId={id} hint="What is made here is for everybody in the workspace." />
        </>
      )}
    </ImportArea>
  );
}

/** `hint`: what is said where there is none. */
function Documents({ workspaceId, hint }: { workspaceId: string; hint: string }) {
  return (
    <DocumentList
      filter={{ workspace_id: workspaceId }}
      actions={(document) => <DocumentMenu document={document} />}
      empty={
        <Empty title="No documents here yet">
          <p>{hint}</p>
        </Empty>
      }
    />
  );
}
