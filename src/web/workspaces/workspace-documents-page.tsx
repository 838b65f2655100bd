import type { Workspace } from "../../client/index.ts";
import { Empty } from "../design/notice.tsx";
import { DocumentList } from "../documents/document-list.tsx";
import { DocumentMenu } from "../documents/document-menu.tsx";
import { NewDocumentButton } from "../documents/new-document-button.tsx";
import { writes } from "./roles.ts";

export function WorkspaceDocumentsPage({ workspace: { id, role } }: { workspace: Workspace }) {
  const make = writes(role) && <NewDocumentButton workspaceId={id} />;
  return (
    <>
      {make && <div className="page-actions page-actions-above">{make}</div>}
      <DocumentList
        filter={{ workspace_id: id }}
        actions={(document) => <DocumentMenu document={document} />}
        empty={
          <Empty title="No documents here yet">
            <p>
              {make
                ? "What is made here is for everybody in the workspace."
                : "You may read here; those who may write have not begun."}
            </p>
          </Empty>
        }
      />
    </>
  );
}
