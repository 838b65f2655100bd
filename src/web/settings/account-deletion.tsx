import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { useLocation } from "wouter";
import { MateriError } from "../../client/index.ts";
import { client, useSignedIn } from "../client.ts";
import { Button } from "../design/button.tsx";
import { Dialog } from "../design/dialog.tsx";
import { faultOf } from "../design/explain.ts";
import { Field } from "../design/field.tsx";
import { Form, FormFault } from "../design/form.tsx";
import { Section } from "../design/section.tsx";
import { proven } from "./proven.ts";

export function AccountDeletion() {
  const [asking, setAsking] = useState(false);
  return (
    <Section
      title="Delete your account"
      about="At once and for good: you are signed out everywhere, and everything about you is deleted. What you have written in the workspaces of others stays there, without your name."
    >
      <Button look="danger" onClick={() => setAsking(true)}>
        Delete the account…
      </Button>
      {asking && <DeletionDialog onClose={() => setAsking(false)} />}
    </Section>
  );
}

function DeletionDialog({ onClose }: { onClose: () => void }) {
  const { email } = useSignedIn();
  const [, goTo] = useLocation();
  const [handOver, setHandOver] = useState(false);
  const [heir, setHeir] = useState("");
  const [typed, setTyped] = useState("");
  const remove = useMutation({
    mutationFn: () =>
      proven(() => client.account.delete({ documents: handOver ? { hand_over_to: heir } : "delete" })),
    onSuccess: () => {
      goTo("/account-deleted");
      return client.auth.logout();
    },
  });
  // Which is said of the heir, and by the service better than by us.
  const nobody = remove.error instanceof MateriError && remove.error.code === "not_found";
  return (
    <Dialog title="Delete your account?" onClose={onClose}>
      <Form onSubmit={remove.mutate}>
        <fieldset className="choices">
          <legend className="field-label">The documents of your personal workspace</legend>
          <label className="choice">
            <input type="radio" name="documents" checked={!handOver} onChange={() => setHandOver(false)} />
            are erased, with their histories
          </label>
          <label className="choice">
            <input type="radio" name="documents" checked={handOver} onChange={() => setHandOver(true)} />
            are handed over to somebody
          </label>
        </fieldset>
        {handOver && (
          <Field
            label="E-mail address of who gets them"
            type="email"
            hint="Somebody who has an account here, and has confirmed the address."
            value={heir}
            onChange={(event) => setHeir(event.target.value)}
            fault={nobody ? remove.error?.message : faultOf(remove.error, "documents")}
            required
          />
        )}
        <Field
          label={`To be sure, type ${email}`}
          autoComplete="off"
          value={typed}
          onChange={(event) => setTyped(event.target.value)}
          required
        />
        {!nobody && <FormFault error={remove.error} />}
        <div className="dialog-actions">
          <Button onClick={onClose}>Cancel</Button>
          <Button look="danger" type="submit" busy={remove.isPending} disabled={typed !== email}>
            Delete for good
          </Button>
        </div>
      </Form>
    </Dialog>
  );
}
