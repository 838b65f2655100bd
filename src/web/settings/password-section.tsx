import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { MateriError } from "../../client/index.ts";
import { client, useSignedIn } from "../client.ts";
import { Button } from "../design/button.tsx";
import { faultOf } from "../design/explain.ts";
import { Field } from "../design/field.tsx";
import { Form, FormFault } from "../design/form.tsx";
import { Notice } from "../design/notice.tsx";
import { Section } from "../design/section.tsx";
import { CodeField, isWrongCode } from "../second-factor/code-field.tsx";
import { securityKey } from "./security-query.ts";

export function PasswordSection() {
  const { email, second_factor } = useSignedIn();
  const queries = useQueryClient();
  const [passwords, setPasswords] = useState({ current_password: "", new_password: "" });
  const [code, setCode] = useState("");
  const change = useMutation({
    mutationFn: () => client.account.changePassword({ ...passwords, ...(second_factor && { code }) }),
    onSuccess: () => {
      setCode("");
      setPasswords({ current_password: "", new_password: "" });
      return queries.invalidateQueries({ queryKey: securityKey });
    },
  });
  const sendLink = useMutation({ mutationFn: () => client.account.forgotPassword({ email }) });
  const isWrong = change.error instanceof MateriError && change.error.code === "invalid_credentials";
  return (
    <Section title="Password" about="Changing it signs all of your other devices out.">
      <Form onSubmit={change.mutate}>
        <input type="email" autoComplete="username" value={email} readOnly hidden />
        <Field
          label="Present password"
          type="password"
          autoComplete="current-password"
          value={passwords.current_password}
          onChange={({ target }) => setPasswords({ ...passwords, current_password: target.value })}
          fault={isWrong ? "This is not your password." : faultOf(change.error, "current_password")}
          required
        />
        <Field
          label="New password"
          type="password"
          autoComplete="new-password"
          hint="At least 8 characters; 15 or more are better."
          value={passwords.new_password}
          onChange={({ target }) => setPasswords({ ...passwords, new_password: target.value })}
          fault={faultOf(change.error, "new_password")}
          required
        />
        {second_factor && <CodeField value={code} onChange={setCode} error={change.error} />}
        {!isWrong && !isWrongCode(change.error) && <FormFault error={change.error} />}
        {change.isSuccess && <Notice>Your password is changed.</Notice>}
        <div className="page-actions">
          <Button look="primary" type="submit" busy={change.isPending}>
            Change the password
          </Button>
          <Button look="quiet" busy={sendLink.isPending} onClick={() => sendLink.mutate()}>
            I have none, or forgot it
          </Button>
        </div>
        <FormFault error={sendLink.error} />
        {sendLink.isSuccess && (
          <Notice>
            A message with a link, by which you choose a new password, is on its way to {email}.
          </Notice>
        )}
      </Form>
    </Section>
  );
}
