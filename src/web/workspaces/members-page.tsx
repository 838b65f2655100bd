import { useQuery } from "@tanstack/react-query";
import type { Workspace } from "../../client/index.ts";
import { useSignedIn } from "../client.ts";
import { Fault, Waiting } from "../design/notice.tsx";
import { Rows } from "../design/rows.tsx";
import { Section } from "../design/section.tsx";
import { Invitations } from "./invitations.tsx";
import { MemberRow } from "./member-row.tsx";
import { manages } from "./roles.ts";
import { membersQuery } from "./workspaces-query.ts";

/** Who is in a workspace, and who was asked to come. */
export function MembersPage({ workspace }: { workspace: Workspace }) {
  const members = useQuery(membersQuery(workspace.id));
  const you = useSignedIn().id;
  const owners = members.data?.filter(({ role }) => role === "owner").length;
  return (
    <>
      <Section title="Members">
        {members.isPending && <Waiting label="Loading members" />}
        {members.isError && <Fault error={members.error} retry={members.refetch} />}
        {members.data && (
          <Rows>
            {members.data.map((member) => (
              <MemberRow
                key={member.user_id}
                workspace={workspace}
                member={member}
                isYou={member.user_id === you}
                isLastOwner={member.role === "owner" && owners === 1}
              />
            ))}
          </Rows>
        )}
      </Section>
      {manages(workspace.role) && <Invitations workspaceId={workspace.id} />}
    </>
  );
}
