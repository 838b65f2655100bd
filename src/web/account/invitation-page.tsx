import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Redirect, useLocation } from "wouter";
import { client, useUser } from "../client.ts";
import { Button } from "../design/button.tsx";
import { FormFault } from "../design/form.tsx";
import { workspacesQuery } from "../workspaces/workspaces-query.ts";
import { Doorway } from "./doorway.tsx";
import { useKeptToken } from "./kept-token.ts";

export function InvitationPage() {
  const [token, forget] = useKeptToken("invitation");
  const user = useUser();
  const [, goTo] = useLocation();
  const queries = useQueryClient();
  const accept = useMutation({
    mutationFn: () => client.workspaces.acceptInvitation({ token }),
    onSuccess: async ({ id }) => {
      forget();
      await queries.invalidateQueries(workspacesQuery);
      goTo(`/workspaces/${id}`);
    },
  });
  if (!user) return <Redirect to="/sign-in?next=/invitation" replace />;
  return (
    <Doorway title="Join a workspace">
      <p>You were invited, and will join as {user.email}.</p>
      <FormFault error={accept.error} />
      <Button look="primary" busy={accept.isPending} onClick={() => accept.mutate()}>
        Join
      </Button>
    </Doorway>
  );
}
