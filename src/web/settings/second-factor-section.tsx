import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { SecondFactorEnrolment } from "../../client/index.ts";
import { client } from "../client.ts";
import { Button } from "../design/button.tsx";
import { Dialog } from "../design/dialog.tsx";
import { FormFault } from "../design/form.tsx";
import { Fault, Notice, Waiting } from "../design/notice.tsx";
import { Section } from "../design/section.tsx";
import { At } from "../design/time.tsx";
import { AuthenticatorSetup } from "../second-factor/authenticator-setup.tsx";
import { RecoveryCodes } from "../second-factor/recovery-codes.tsx";
import { CodeDialog } from "./code-dialog.tsx";
import { proven } from "./proven.ts";
import { securityKey } from "./security-query.ts";

/** What is open in front of the section. */
type Step =
  | { kind: "another" | "renew" | "remove" }
  | { kind: "setup"; enrolment: SecondFactorEnrolment }
  | { kind: "codes"; codes: readonly string[] };

/** A code of an authenticator app, beside the password or Google. */
export function SecondFactorSection() {
  const queries = useQueryClient();
  const factor = useQuery({
    queryKey: [...securityKey, "second factor"],
    queryFn: () => client.account.secondFactor(),
  });
  const [step, setStep] = useState<Step>();
  const close = () => setStep(undefined);
  const changed = async () => {
    client.auth.update(await client.account.get());
    await queries.invalidateQueries({ queryKey: securityKey });
  };
  const setUp = async (code?: string) =>
    setStep({
      kind: "setup",
      enrolment: await proven(() => client.account.enrolSecondFactor(code === undefined ? {} : { code })),
    });
  const begin = useMutation({ mutationFn: () => setUp() });
  const showCodes = async ({ recovery_codes }: { recovery_codes: string[] }) => {
    setStep({ kind: "codes", codes: recovery_codes });
    await changed();
  };
  return (
    <Section
      title="Second factor"
      about="A code of an authenticator app, which signing in takes beside your password or Google: who knows your password alone stays outside."
    >
      {factor.isPending && <Waiting />}
      {factor.isError && <Fault error={factor.error} retry={factor.refetch} />}
      {factor.data && factor.data.enabled_at === null && (
        <Button busy={begin.isPending} onClick={() => begin.mutate()}>
          Set it up
        </Button>
      )}
      <FormFault error={begin.error} />
      {factor.data?.enabled_at && (
        <>
          <p>
            <span className="badge badge-good">On</span> since <At time={factor.data.enabled_at} />, with{" "}
            {factor.data.recovery_codes_left} recovery codes left.
          </p>
          {factor.data.recovery_codes_left < 3 && (
            <Notice kind="warn">
              Make new recovery codes: without one and without the app, you cannot sign in.
            </Notice>
          )}
          <div className="page-actions">
            <Button onClick={() => setStep({ kind: "renew" })}>New recovery codes</Button>
            <Button onClick={() => setStep({ kind: "another" })}>Another app</Button>
            <Button look="danger" onClick={() => setStep({ kind: "remove" })}>
              Switch it off
            </Button>
          </div>
        </>
      )}
      {step?.kind === "another" && (
        <CodeDialog title="Set up another app" action="Continue" act={setUp} onClose={close}>
          <p>The present one goes on working until the new one has shown its first code.</p>
        </CodeDialog>
      )}
      {step?.kind === "setup" && (
        <Dialog title="Set up an authenticator app" onClose={close}>
          <AuthenticatorSetup
            enrolment={step.enrolment}
            confirm={async (code) =>
              showCodes(await proven(() => client.account.confirmSecondFactor({ code })))
            }
          />
        </Dialog>
      )}
      {step?.kind === "renew" && (
        <CodeDialog
          title="New recovery codes"
          action="Make them"
          act={async (code) => showCodes(await proven(() => client.account.renewRecoveryCodes({ code })))}
          onClose={close}
        >
          <p>Those that you have are worth nothing from then on.</p>
        </CodeDialog>
      )}
      {step?.kind === "remove" && (
        <CodeDialog
          title="Switch the second factor off?"
          action="Switch it off"
          act={async (code) => {
            await proven(() => client.account.removeSecondFactor({ code }));
            close();
            await changed();
          }}
          onClose={close}
        >
          <p>From then on your password, or Google, is all that signing in takes.</p>
        </CodeDialog>
      )}
      {step?.kind === "codes" && (
        <Dialog title="Recovery codes" onClose={close}>
          <RecoveryCodes codes={step.codes} onKept={close} />
        </Dialog>
      )}
    </Section>
  );
}
