import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import type { SecondFactorEnrolment } from "../../client/index.ts";
import { Button } from "../design/button.tsx";
import { CopyField } from "../design/copy-field.tsx";
import { Form, FormFault } from "../design/form.tsx";
import { QrCode } from "../design/qr-code.tsx";
import { CodeField, isWrongCode } from "./code-field.tsx";

interface AuthenticatorSetupProps {
  enrolment: SecondFactorEnrolment;
  /** Sends the first code of it. */
  confirm: (code: string) => Promise<unknown>;
}

/** What an authenticator app has to know, and the field for its first code. */
export function AuthenticatorSetup({ enrolment: { secret, uri }, confirm }: AuthenticatorSetupProps) {
  const [code, setCode] = useState("");
  const send = useMutation({ mutationFn: () => confirm(code) });
  return (
    <Form onSubmit={send.mutate}>
      <p>Scan this with an authenticator app, or type the key into it. Then type the code that it shows.</p>
      <QrCode label="QR code of the key below" text={uri} />
      <CopyField label="Key" value={secret} />
      <CodeField
        value={code}
        onChange={setCode}
        error={send.error}
        hint="Six digits from the app."
        autoFocus
      />
      {!isWrongCode(send.error) && <FormFault error={send.error} />}
      <Button look="primary" type="submit" busy={send.isPending}>
        Switch it on
      </Button>
    </Form>
  );
}
