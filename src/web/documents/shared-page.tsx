import { Empty } from "../design/notice.tsx";
import { useTitle } from "../shell/title.ts";
import { DocumentList } from "./document-list.tsx";

export function SharedPage() {
  useTitle("Shared with me");
  return (
    <>
      <div className="page-head">
        <h1>Shared with me</h1>
      </div>
      <DocumentList
        filter={{ shared: "true" }}
        empty={
          <Empty title="Nothing is shared with you">
            <p>Documents that others share with you by name or by a link are kept here.</p>
          </Empty>
        }
      />
    </>
  );
}
