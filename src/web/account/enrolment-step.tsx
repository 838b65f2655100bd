import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { useLocation } from "wouter";
import { client } from "../client.ts";
import { Button } from "../design/button.tsx";
import { FormFault } from "../design/form.tsx";
import { AuthenticatorSetup } from "../second-factor/authenticator-setup.tsx";
import { RecoveryCodes } from "../second-factor/recovery-codes.tsx";
import { Doorway } from "./doorway.tsx";
import type { SecondStep } from "./second-step.ts";

/** The rest of a sign-in where everybody has to have a second factor, and this person has none yet. */
export function EnrolmentStep({ step: { challenge }, next }: { step: SecondStep; next: string }) {
  const [, goTo] = useLocation();
  const [codes, setCodes] = useState<readonly string[]>();
  const begin = useMutation({ mutationFn: () => client.auth.enrol({ challenge }) });
  if (codes) {
    return (
      <Doorway title="Recovery codes">
        <RecoveryCodes codes={codes} onKept={() => goTo(next)} />
      </Doorway>
    );
  }
  return (
    <Doorway title="A second factor" foot={<a href="/sign-in">Begin again</a>}>
      {begin.data ? (
        <AuthenticatorSetup
          enrolment={begin.data}
          confirm={async (code) =>
            setCodes((await client.auth.loginByEnrolment({ challenge, code })).recovery_codes)
          }
        />
      ) : (
        <>
          <p>
            Here everybody signs in with a code of an authenticator app as well. Have such an app at hand.
          </p>
          <FormFault error={begin.error} />
          <Button look="primary" busy={begin.isPending} onClick={() => begin.mutate()}>
            Set it up
          </Button>
        </>
      )}
    </Doorway>
  );
}
