import { useMutation, useQueryClient } from "@tanstack/react-query";
import type { Workspace } from "../../client/index.ts";
import { client } from "../client.ts";
import { Button } from "../design/button.tsx";
import { Fault } from "../design/notice.tsx";
import { Row, Rows } from "../design/rows.tsx";
import { Ago } from "../design/time.tsx";
import { documentsKey } from "../documents/documents-query.ts";
import { workspacesQuery } from "./workspaces-query.ts";

/** Workspaces that were deleted, to those who can bring them back. */
export function DeletedWorkspaces({ workspaces }: { workspaces: readonly Workspace[] }) {
  const queries = useQueryClient();
  const restore = useMutation({
    mutationFn: (id: string) => client.workspaces.restore(id),
    onSettled: async () => {
      await queries.invalidateQueries(workspacesQuery);
      await queries.invalidateQueries({ queryKey: documentsKey });
    },
  });
  return (
    <>
      {restore.isError && <Fault error={restore.error} />}
      <Rows>
        {workspaces.map(({ id, name, deleted_at }) => (
          <Row
            key={id}
            title={name}
            note={
              <>
                Workspace, deleted {deleted_at && <Ago time={deleted_at} />}. It is erased after 30 days, with
                its documents.
              </>
            }
          >
            <Button
              small
              aria-label={`Restore the workspace ${name}`}
              busy={restore.isPending && restore.variables === id}
              onClick={() => restore.mutate(id)}
            >
              Restore
            </Button>
          </Row>
        ))}
      </Rows>
    </>
  );
}
