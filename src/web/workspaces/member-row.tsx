import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useLocation } from "wouter";
import type { Member, Workspace } from "../../client/index.ts";
import { client } from "../client.ts";
import { Confirm } from "../design/dialog.tsx";
import { FormFault } from "../design/form.tsx";
import { Menu } from "../design/menu.tsx";
import { Fault } from "../design/notice.tsx";
import { Row } from "../design/rows.tsx";
import { documentsKey } from "../documents/documents-query.ts";
import { Avatar } from "../shell/avatar.tsx";
import { mayRemove, type Role, roleHints, roleNames, rolesFor } from "./roles.ts";
import { workspacesQuery } from "./workspaces-query.ts";

interface MemberRowProps {
  workspace: Workspace;
  member: Member;
  isYou: boolean;
  isLastOwner: boolean;
}

/** Somebody in a workspace, and what may be done about that. */
export function MemberRow({ workspace, member, isYou, isLastOwner }: MemberRowProps) {
  const { user_id, name, email, role } = member;
  const queries = useQueryClient();
  const [, goTo] = useLocation();
  const [asking, setAsking] = useState<Role | "remove" | "transfer">();
  const close = () => setAsking(undefined);
  const refresh = async () => {
    close();
    await queries.invalidateQueries(workspacesQuery);
  };
  const change = useMutation({
    mutationFn: (to: Role) => client.workspaces.changeMember(workspace.id, user_id, { role: to }),
    onSuccess: refresh,
  });
  const transfer = useMutation({
    mutationFn: () => client.workspaces.transfer(workspace.id, { user_id }),
    onSuccess: refresh,
  });
  const remove = useMutation({
    mutationFn: () => client.workspaces.removeMember(workspace.id, user_id),
    onSuccess: async () => {
      if (!isYou) return refresh();
      goTo("/");
      queries.removeQueries({ queryKey: [...workspacesQuery.queryKey, workspace.id] });
      await queries.invalidateQueries({ queryKey: documentsKey });
      await queries.invalidateQueries(workspacesQuery);
    },
  });

  const seen = { you: workspace.role, role, isYou, isLastOwner };
  const choices = rolesFor(seen);
  const mayTransfer = workspace.role === "owner" && !isYou;
  const nextRole = asking !== "remove" && asking !== "transfer" ? asking : undefined;
  return (
    <>
      <Row
        mark={<Avatar name={name} />}
        title={isYou ? `${name} (you)` : name}
        note={email}
        more={change.isError && !asking && <Fault error={change.error} />}
      >
        {choices.length > 1 ? (
          <select
            className="input"
            aria-label={`Role of ${name}`}
            value={role}
            disabled={change.isPending}
            onChange={({ target }) => {
              const to = target.value as Role;
              // What one takes from oneself, one cannot give back.
              if (isYou) setAsking(to);
              else change.mutate(to);
            }}
          >
            {choices.map((choice) => (
              <option key={choice} value={choice} title={roleHints[choice]}>
                {roleNames[choice]}
              </option>
            ))}
          </select>
        ) : (
          <span className="row-note">{roleNames[role]}</span>
        )}
        {(mayTransfer || mayRemove(seen)) && (
          <Menu label={`More for ${name}`} face="⋯">
            {mayTransfer && (
              <button type="button" role="menuitem" onClick={() => setAsking("transfer")}>
                Make owner in your place…
              </button>
            )}
            {mayRemove(seen) && (
              <button
                type="button"
                role="menuitem"
                className="menu-danger"
                onClick={() => setAsking("remove")}
              >
                {isYou ? "Leave…" : "Remove…"}
              </button>
            )}
          </Menu>
        )}
      </Row>
      {nextRole && (
        <Confirm
          title={`Be ${roleNames[nextRole].toLowerCase()} in “${workspace.name}”?`}
          action="Change my role"
          busy={change.isPending}
          onConfirm={() => change.mutate(nextRole)}
          onClose={close}
        >
          <p>You cannot take it back yourself: somebody with a higher role would have to.</p>
          <FormFault error={change.error} />
        </Confirm>
      )}
      {asking === "transfer" && (
        <Confirm
          title={`Make ${name} the owner?`}
          action="Make owner"
          busy={transfer.isPending}
          onConfirm={() => transfer.mutate()}
          onClose={close}
        >
          <p>
            {name} becomes owner of “{workspace.name}” in your place. You stay as an admin, who can neither
            delete the workspace nor make owners.
          </p>
          <FormFault error={transfer.error} />
        </Confirm>
      )}
      {asking === "remove" && (
        <Confirm
          title={isYou ? `Leave “${workspace.name}”?` : `Remove ${name}?`}
          action={isYou ? "Leave" : "Remove"}
          busy={remove.isPending}
          onConfirm={() => remove.mutate()}
          onClose={close}
        >
          <p>
            {isYou
              ? "You lose its documents at once, and come back only if somebody invites you. What you have written stays."
              : `${name} loses its documents at once. What they have written stays.`}
          </p>
          <FormFault error={remove.error} />
        </Confirm>
      )}
    </>
  );
}
