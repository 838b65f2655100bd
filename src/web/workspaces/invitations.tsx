import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { Invitation } from "../../client/index.ts";
import { client } from "../client.ts";
import { Button } from "../design/button.tsx";
import { faultOf } from "../design/explain.ts";
import { Field, Select } from "../design/field.tsx";
import { Form, FormFault } from "../design/form.tsx";
import { Fault, Notice } from "../design/notice.tsx";
import { Row, Rows } from "../design/rows.tsx";
import { Section } from "../design/section.tsx";
import { Ago } from "../design/time.tsx";
import { roleHints, roleNames } from "./roles.ts";
import { invitationsQuery } from "./workspaces-query.ts";
import "./invitations.css";

const roles = ["admin", "editor", "viewer"] as const satisfies Invitation["role"][];

/** Whom owners and admins ask into a workspace. */
export function Invitations({ workspaceId }: { workspaceId: string }) {
  const queries = useQueryClient();
  const query = invitationsQuery(workspaceId);
  const open = useQuery(query);
  const [email, setEmail] = useState("");
  const [role, setRole] = useState<Invitation["role"]>("editor");
  const changed = () => queries.invalidateQueries(query);
  const invite = useMutation({
    mutationFn: () => client.workspaces.invite(workspaceId, { email, role }),
    onSuccess: () => {
      setEmail("");
      return changed();
    },
  });
  const withdraw = useMutation({
    mutationFn: (id: string) => client.workspaces.withdrawInvitation(workspaceId, id),
    onSettled: changed,
  });
  return (
    <Section
      title="Invite somebody"
      about="They get a message with a link that works once, for 7 days. Inviting an address again makes the link before worthless."
    >
      <Form onSubmit={invite.mutate}>
        <div className="invite">
          <Field
            label="E-mail address"
            type="email"
            value={email}
            onChange={(event) => setEmail(event.target.value)}
            fault={faultOf(invite.error, "email")}
            required
          />
          <Select
            label="As"
            value={role}
            onChange={(event) => setRole(event.target.value as Invitation["role"])}
          >
            {roles.map((choice) => (
              <option key={choice} value={choice}>
                {roleNames[choice]}: {roleHints[choice]}
              </option>
            ))}
          </Select>
          <Button look="primary" type="submit" busy={invite.isPending}>
            Invite
          </Button>
        </div>
        <FormFault error={invite.error} />
        {invite.data && <Notice>The invitation is on its way to {invite.data.email}.</Notice>}
      </Form>
      {open.isError && <Fault error={open.error} retry={open.refetch} />}
      {withdraw.isError && <Fault error={withdraw.error} />}
      {open.data && open.data.length > 0 && (
        <>
          <h3>Not accepted yet</h3>
          <Rows>
            {open.data.map((invitation) => (
              <Row
                key={invitation.id}
                title={invitation.email}
                note={
                  <>
                    {roleNames[invitation.role]}, ends <Ago time={invitation.expires_at} />
                  </>
                }
              >
                <Button
                  small
                  aria-label={`Withdraw the invitation of ${invitation.email}`}
                  onClick={() => withdraw.mutate(invitation.id)}
                >
                  Withdraw
                </Button>
              </Row>
            ))}
          </Rows>
        </>
      )}
    </Section>
  );
}
