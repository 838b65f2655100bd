import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { client, useSignedIn } from "../client.ts";
import { Confirm } from "../design/dialog.tsx";
import { download } from "../design/download.ts";
import { explain } from "../design/explain.ts";
import { Menu } from "../design/menu.tsx";
import { Notice } from "../design/notice.tsx";
import { rules } from "../workspaces/roles.ts";
import { workspacesQuery } from "../workspaces/workspaces-query.ts";
import type { ListedDocument } from "./document-list.tsx";
import { documentsKey } from "./documents-query.ts";
import { MoveDialog } from "./move-dialog.tsx";

/** What can be done with a document from a list. */
export function DocumentMenu({ document }: { document: ListedDocument }) {
  const queries = useQueryClient();
  const you = useSignedIn();
  const workspaces = useQuery(workspacesQuery);
  const role = workspaces.data?.find(({ id }) => id === document.workspace_id)?.role;
  const [asking, setAsking] = useState<"delete" | "move">();
  const changed = {
    onSuccess: () => {
      setAsking(undefined);
      return queries.invalidateQueries({ queryKey: documentsKey });
    },
  };
  const remove = useMutation({ mutationFn: () => client.documents.delete(document.id), ...changed });
  const duplicate = useMutation({
    mutationFn: () => client.documents.duplicate(document.id, {}),
    ...changed,
  });
  const save = useMutation({
    mutationFn: async (format: "md" | "html") => {
      const { text } = await client.documents.exportFile(document.id, { format });
      download(
        `${fileName(document.title)}.${format}`,
        text,
        format === "md" ? "text/markdown" : "text/html",
      );
    },
  });
  const error = duplicate.error ?? save.error;
  return (
    <>
      {error && <span role="alert">{explain(error)}</span>}
      <Menu label={`More for ${document.title}`} face="⋯">
        <button type="button" role="menuitem" onClick={() => duplicate.mutate()}>
          Duplicate
        </button>
        <button type="button" role="menuitem" onClick={() => save.mutate("md")}>
          Save as Markdown
        </button>
        <button type="button" role="menuitem" onClick={() => save.mutate("html")}>
          Save as HTML
        </button>
        {rules(role, document, you.id) && (
          <>
            <button type="button" role="menuitem" onClick={() => setAsking("move")}>
              Move…
            </button>
            <button type="button" role="menuitem" className="menu-danger" onClick={() => setAsking("delete")}>
              Delete…
            </button>
          </>
        )}
      </Menu>
      {asking === "move" && <MoveDialog document={document} onClose={() => setAsking(undefined)} />}
      {asking === "delete" && (
        <Confirm
          title={`Delete “${document.title}”?`}
          action="Delete"
          busy={remove.isPending}
          onConfirm={() => remove.mutate()}
          onClose={() => setAsking(undefined)}
        >
          <p>It goes to the trash, from where its owners can bring it back for 30 days.</p>
          {remove.isError && <Notice kind="bad">{explain(remove.error)}</Notice>}
        </Confirm>
      )}
    </>
  );
}

/** Without what file systems take for something else than a letter. */
const fileName = (title: string): string => title.replaceAll(/[\\/:*?"<>|\p{Cc}]+/gu, "-");
