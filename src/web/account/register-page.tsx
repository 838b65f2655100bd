import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { Link, Redirect, useSearch } from "wouter";
import { client, useUser } from "../client.ts";
import { Button } from "../design/button.tsx";
import { faultOf } from "../design/explain.ts";
import { Field } from "../design/field.tsx";
import { Form, FormFault } from "../design/form.tsx";
import { destination } from "./destination.ts";
import { Doorway } from "./doorway.tsx";
import { secondStepAfter } from "./second-step.ts";
import { EnrolmentStep, GoogleButton } from "./sign-in-page.tsx";

export function RegisterPage() {
  const search = useSearch();
  const next = destination(search);
  const [account, setAccount] = useState({ name: "", email: "", password: "" });
  const register = useMutation({ mutationFn: () => client.auth.register(account) });
  const user = useUser();
  const step = secondStepAfter(register.error);
  if (step?.asks === "enrolment") return <EnrolmentStep step={step} next={next} />;
  if (user) return <Redirect to={next} replace />;
  const field = (name: keyof typeof account) => ({
    value: account[name],
    onChange: (event: { target: { value: string } }) =>
      setAccount({ ...account, [name]: event.target.value }),
    fault: faultOf(register.error, name),
    required: true,
  });
  return (
    <Doorway
      title="Create an account"
      foot={
        <>
          You have one already? <Link href={`/sign-in${search && `?${search}`}`}>Sign in</Link>
        </>
      }
    >
      <Form onSubmit={register.mutate}>
        <Field
          label="Name"
          autoComplete="name"
          hint="As others see you while you write."
          {...field("name")}
        />
        <Field label="E-mail address" type="email" autoComplete="username" {...field("email")} />
        <Field
          label="Password"
          type="password"
          autoComplete="new-password"
          hint="At least 8 characters; 15 or more are better. Any characters will do."
          {...field("password")}
        />
        <FormFault error={register.error} />
        <Button look="primary" type="submit" busy={register.isPending}>
          Create account
        </Button>
      </Form>
      <GoogleButton next={next} />
    </Doorway>
  );
}
