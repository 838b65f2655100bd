import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { client } from "../client.ts";
import { Button } from "../design/button.tsx";
import { Form, FormFault } from "../design/form.tsx";
import { CodeField, isWrongCode } from "../second-factor/code-field.tsx";
import { Doorway } from "./doorway.tsx";
import type { SecondStep } from "./second-step.ts";

/** The rest of a sign-in where a second factor is on. */
export function CodeStep({ step: { challenge } }: { step: SecondStep }) {
  const [code, setCode] = useState("");
  const send = useMutation({ mutationFn: () => client.auth.loginWithCode({ challenge, code }) });
  return (
    <Doorway title="One more step" foot={<a href="/sign-in">Begin again</a>}>
      <Form onSubmit={send.mutate}>
        <CodeField value={code} onChange={setCode} error={send.error} autoFocus />
        {!isWrongCode(send.error) && <FormFault error={send.error} />}
        <Button look="primary" type="submit" busy={send.isPending}>
          Sign in
        </Button>
      </Form>
    </Doorway>
  );
}
