import { queryOptions, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { items } from "../../client/index.ts";
import { client } from "../client.ts";
import { Button } from "../design/button.tsx";
import { faultOf } from "../design/explain.ts";
import { Field, Select } from "../design/field.tsx";
import { FormFault } from "../design/form.tsx";
import { Fault, Waiting } from "../design/notice.tsx";
import { Avatar } from "../shell/avatar.tsx";

type Access = "editor" | "viewer";

const grantsQuery = (id: string) =>
  queryOptions({
    queryKey: ["grants", id],
    queryFn: () => Array.fromAsync(items((page) => client.sharing.grants(id, page))),
  });

/** Access by name, for people who have an account. */
export function SharePeople({ id }: { id: string }) {
  const queries = useQueryClient();
  const grants = useQuery(grantsQuery(id));
  const [email, setEmail] = useState("");
  const [role, setRole] = useState<Access>("editor");
  const changed = { onSuccess: () => queries.invalidateQueries(grantsQuery(id)) };
  const grant = useMutation({
    mutationFn: (to: { email: string; role: Access }) => client.sharing.grant(id, to),
    onSuccess: () => {
      setEmail("");
      return changed.onSuccess();
    },
  });
  const revoke = useMutation({
    mutationFn: (userId: string) => client.sharing.revoke(id, userId),
    ...changed,
  });
  return (
    <section className="share-section" aria-label="People">
      <form
        className="share-form"
        onSubmit={(event) => {
          event.preventDefault();
          grant.mutate({ email, role });
        }}
      >
        <Field
          label="E-mail address of a person"
          type="email"
          value={email}
          onChange={(event) => setEmail(event.target.value)}
          fault={faultOf(grant.error, "email")}
          required
        />
        <Select label="May" value={role} onChange={(event) => setRole(event.target.value as Access)}>
          <option value="editor">edit</option>
          <option value="viewer">read</option>
        </Select>
        <Button look="primary" type="submit" busy={grant.isPending}>
          Share
        </Button>
      </form>
      <FormFault error={grant.error ?? revoke.error} />
      {grants.isPending && <Waiting label="Loading people" />}
      {grants.isError && <Fault error={grants.error} retry={grants.refetch} />}
      <ul className="shares">
        {grants.data?.map((person) => (
          <li key={person.user_id}>
            <Avatar name={person.name} />
            <span className="shares-who">
              {person.name}
              <span className="shares-note">{person.email}</span>
            </span>
            <Select
              label="May"
              value={person.role}
              onChange={(event) => grant.mutate({ email: person.email, role: event.target.value as Access })}
            >
              <option value="editor">edit</option>
              <option value="viewer">read</option>
            </Select>
            <Button small look="quiet" onClick={() => revoke.mutate(person.user_id)}>
              Remove {person.name}
            </Button>
          </li>
        ))}
      </ul>
    </section>
  );
}
