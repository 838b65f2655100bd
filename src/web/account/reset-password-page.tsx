import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { Link } from "wouter";
import { client } from "../client.ts";
import { Button, buttonClass } from "../design/button.tsx";
import { faultOf } from "../design/explain.ts";
import { Field } from "../design/field.tsx";
import { Form, FormFault } from "../design/form.tsx";
import { Notice } from "../design/notice.tsx";
import { Doorway } from "./doorway.tsx";
import { useLinkToken } from "./link-token.ts";

export function ResetPasswordPage() {
  const token = useLinkToken();
  const [password, setPassword] = useState("");
  const reset = useMutation({ mutationFn: () => client.account.resetPassword({ token, password }) });
  return (
    <Doorway title="Choose a new password" foot={<Link href="/forgot-password">Send another link</Link>}>
      {reset.isSuccess ? (
        <>
          <Notice>Your password is changed, and all devices are signed out.</Notice>
          <Link href="/sign-in" className={buttonClass("primary")}>
            Sign in
          </Link>
        </>
      ) : (
        <Form onSubmit={reset.mutate}>
          <Field
            label="New password"
            type="password"
            autoComplete="new-password"
            hint="At least 8 characters; 15 or more are better."
            value={password}
            onChange={(event) => setPassword(event.target.value)}
            fault={faultOf(reset.error, "password")}
            required
          />
          <FormFault error={reset.error} />
          <Button look="primary" type="submit" busy={reset.isPending}>
            Change password
          </Button>
        </Form>
      )}
    </Doorway>
  );
}
