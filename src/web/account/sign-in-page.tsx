import { useMutation, useQuery } from "@tanstack/react-query";
import { lazy, useState } from "react";
import { Link, Redirect, useSearch } from "wouter";
import { client, useUser } from "../client.ts";
import { Button, buttonClass } from "../design/button.tsx";
import { faultOf } from "../design/explain.ts";
import { Field } from "../design/field.tsx";
import { Form, FormFault } from "../design/form.tsx";
import { Notice } from "../design/notice.tsx";
import { CodeStep } from "./code-step.tsx";
import { destination } from "./destination.ts";
import { Doorway } from "./doorway.tsx";
import { googleRefusal } from "./google-refusal.ts";
import { secondStepAfter } from "./second-step.ts";
import { signInMethodsQuery } from "./sign-in-methods-query.ts";

export const EnrolmentStep = lazy(async () => ({
  default: (await import("./enrolment-step.tsx")).EnrolmentStep,
}));

export function SignInPage() {
  const search = useSearch();
  const next = destination(search);
  const refused = new URLSearchParams(search).get("error");
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const signIn = useMutation({ mutationFn: () => client.auth.login({ email, password }) });
  const user = useUser();
  const step = secondStepAfter(signIn.error ?? refused);
  // Stays for the recovery codes, which it shows when the person is signed in.
  if (step?.asks === "enrolment") return <EnrolmentStep step={step} next={next} />;
  if (user) return <Redirect to={next} replace />;
  if (step) return <CodeStep step={step} />;
  return (
    <Doorway
      title="Sign in"
      foot={
        <>
          New here? <Link href={`/register${search && `?${search}`}`}>Create an account</Link>
        </>
      }
    >
      {refused && <Notice kind="bad">{googleRefusal(refused)}</Notice>}
      <Form onSubmit={signIn.mutate}>
        <Field
          label="E-mail address"
          type="email"
          autoComplete="username"
          value={email}
          onChange={(event) => setEmail(event.target.value)}
          fault={faultOf(signIn.error, "email")}
          required
        />
        <Field
          label="Password"
          type="password"
          autoComplete="current-password"
          value={password}
          onChange={(event) => setPassword(event.target.value)}
          fault={faultOf(signIn.error, "password")}
          required
        />
        <FormFault error={signIn.error} />
        <Button look="primary" type="submit" busy={signIn.isPending}>
          Sign in
        </Button>
        <Link href="/forgot-password">Forgot your password?</Link>
      </Form>
      <GoogleButton next={next} />
    </Doorway>
  );
}

export function GoogleButton({ next }: { next: string }) {
  const { data } = useQuery(signInMethodsQuery);
  if (!data?.google) return null;
  return (
    <>
      <div className="doorway-or">or</div>
      <a className={buttonClass()} href={client.auth.googleUrl(next)}>
        Continue with Google
      </a>
    </>
  );
}
