import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { client, useSignedIn } from "../client.ts";
import { Button } from "../design/button.tsx";
import { faultOf } from "../design/explain.ts";
import { Field } from "../design/field.tsx";
import { Form, FormFault } from "../design/form.tsx";
import { Notice } from "../design/notice.tsx";
import { Section } from "../design/section.tsx";
import { proven } from "./proven.ts";

/** What one is called, and where messages go. */
export function AccountPage() {
  return (
    <>
      <Name />
      <EmailAddress />
    </>
  );
}

function Name() {
  const user = useSignedIn();
  const [name, setName] = useState(user.name);
  const rename = useMutation({
    mutationFn: () => client.account.update({ name }),
    onSuccess: (renamed) => client.auth.update(renamed),
  });
  return (
    <Section title="Name" about="As others see you while you write, and in the history of documents.">
      <Form onSubmit={rename.mutate}>
        <Field
          label="Your name"
          autoComplete="name"
          value={name}
          onChange={(event) => setName(event.target.value)}
          fault={faultOf(rename.error, "name")}
          required
        />
        <FormFault error={rename.error} />
        <div>
          <Button look="primary" type="submit" busy={rename.isPending} disabled={name === user.name}>
            Save
          </Button>
        </div>
      </Form>
    </Section>
  );
}

function EmailAddress() {
  const { email, email_verified } = useSignedIn();
  const [next, setNext] = useState("");
  const resend = useMutation({ mutationFn: () => client.account.sendVerification() });
  const change = useMutation({
    mutationFn: (address: string) => proven(() => client.account.changeEmail({ email: address })),
    onSuccess: () => setNext(""),
  });
  return (
    <Section
      title="E-mail address"
      about={
        <>
          {email}{" "}
          <span className={`badge ${email_verified ? "badge-good" : "badge-warn"}`}>
            {email_verified ? "Confirmed" : "Not confirmed"}
          </span>
        </>
      }
    >
      {!email_verified && (
        <Notice kind="warn">
          <span>
            Open the link in the message that was sent to this address, to confirm that it is yours.
          </span>
          <Button small busy={resend.isPending} onClick={() => resend.mutate()}>
            Send it again
          </Button>
        </Notice>
      )}
      <FormFault error={resend.error} />
      {resend.isSuccess && <Notice>The message is on its way to {email}.</Notice>}
      <Form onSubmit={() => change.mutate(next)}>
        <Field
          label="Another address"
          type="email"
          autoComplete="email"
          hint="It gets a message with a link. Until you open that, nothing changes."
          value={next}
          onChange={(event) => setNext(event.target.value)}
          fault={faultOf(change.error, "email")}
          required
        />
        <FormFault error={change.error} />
        {change.isSuccess && <Notice>The message is on its way to {change.variables}.</Notice>}
        <div>
          <Button type="submit" busy={change.isPending}>
            Change the address
          </Button>
        </div>
      </Form>
    </Section>
  );
}
