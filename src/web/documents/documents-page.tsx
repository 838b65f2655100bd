import { Empty } from "../design/notice.tsx";
import { useTitle } from "../shell/title.ts";
import { DocumentList } from "./document-list.tsx";
import { DocumentMenu } from "./document-menu.tsx";
import { ImportArea } from "./import-area.tsx";
import { NewDocumentButton } from "./new-document-button.tsx";

/** Everything that one may read, the last changed first. */
export function DocumentsPage() {
  useTitle("Documents");
  return (
    <ImportArea>
      {(importButton) => (
        <>
          <div className="page-head">
            <h1>Documents</h1>
            <div className="page-actions">
              {importButton}
              <NewDocumentButton />
            </div>
          </div>
          <DocumentList
            filter={{}}
            actions={(document) => <DocumentMenu document={document} />}
            empty={
              <Empty title="No documents yet">
                <p>Make one and start to write. Whoever you share it with writes in it with you.</p>
                <NewDocumentButton />
              </Empty>
            }
          />
        </>
      )}
    </ImportArea>
  );
}
