import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { Link } from "wouter";
import { client } from "../client.ts";
import { Button } from "../design/button.tsx";
import { faultOf } from "../design/explain.ts";
import { Field } from "../design/field.tsx";
import { Form, FormFault } from "../design/form.tsx";
import { Notice } from "../design/notice.tsx";
import { Doorway } from "./doorway.tsx";

export function ForgotPasswordPage() {
  const [email, setEmail] = useState("");
  const ask = useMutation({ mutationFn: () => client.account.forgotPassword({ email }) });
  return (
    <Doorway title="A new password" foot={<Link href="/sign-in">Back to sign in</Link>}>
      {ask.isSuccess ? (
        <Notice>If there is an account with this address, a message with a link is on its way to it.</Notice>
      ) : (
        <Form onSubmit={ask.mutate}>
          <Field
            label="E-mail address"
            type="email"
            autoComplete="username"
            hint="We send a link with which you choose a new password."
            value={email}
            onChange={(event) => setEmail(event.target.value)}
            fault={faultOf(ask.error, "email")}
            required
          />
          <FormFault error={ask.error} />
          <Button look="primary" type="submit" busy={ask.isPending}>
            Send the link
          </Button>
        </Form>
      )}
    </Doorway>
  );
}
