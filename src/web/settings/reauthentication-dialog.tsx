import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { MateriError } from "../../client/index.ts";
import { client, useSignedIn } from "../client.ts";
import { Button, buttonClass } from "../design/button.tsx";
import { Dialog } from "../design/dialog.tsx";
import { Field } from "../design/field.tsx";
import { Form, FormFault } from "../design/form.tsx";
import { CodeField, isWrongCode } from "../second-factor/code-field.tsx";
import { useWaiting } from "./proven.ts";

/** Asks who it is that wants something which not everybody may do who finds this browser open. */
export function ReauthenticationDialog() {
  const waiting = useWaiting();
  if (!waiting) return null;
  return (
    <Dialog title="Is it you?" onClose={waiting.givenUp}>
      <div className="form">
        <p>This may be done only by who has just proved to be you. The proof holds for 10 minutes.</p>
        <PasswordProof onProven={waiting.proven} onGivenUp={waiting.givenUp} />
        <GoogleProof onProven={waiting.proven} />
      </div>
    </Dialog>
  );
}

function PasswordProof({ onProven, onGivenUp }: { onProven: () => void; onGivenUp: () => void }) {
  const { email, second_factor } = useSignedIn();
  const [password, setPassword] = useState("");
  const [code, setCode] = useState("");
  const prove = useMutation({
    mutationFn: () => client.account.reauthenticate({ password, ...(second_factor && { code }) }),
    onSuccess: onProven,
  });
  const isWrong = prove.error instanceof MateriError && prove.error.code === "invalid_credentials";
  return (
    <Form onSubmit={prove.mutate}>
      {/* For password stores, which look for whose password it is. */}
      <input type="email" autoComplete="username" value={email} readOnly hidden />
      <Field
        label="Password"
        type="password"
        autoComplete="current-password"
        value={password}
        onChange={(event) => setPassword(event.target.value)}
        fault={isWrong ? "This is not your password." : undefined}
        autoFocus
        required
      />
      {second_factor && <CodeField value={code} onChange={setCode} error={prove.error} />}
      {!isWrong && !isWrongCode(prove.error) && <FormFault error={prove.error} />}
      <div className="dialog-actions">
        <Button onClick={onGivenUp}>Cancel</Button>
        <Button look="primary" type="submit" busy={prove.isPending}>
          Continue
        </Button>
      </div>
    </Form>
  );
}

/** In a tab of its own, so that what was filled in here stays; this one has the new sign-in from it. */
function GoogleProof({ onProven }: { onProven: () => void }) {
  const { oauth_provider } = useSignedIn();
  const [gone, setGone] = useState(false);
  if (oauth_provider !== "google") return null;
  return (
    <>
      <div className="doorway-or">or</div>
      <a
        className={buttonClass()}
        href={client.auth.googleUrl("/signed-in-again")}
        target="_blank"
        rel="noopener"
        onClick={() => setGone(true)}
      >
        Sign in with Google again
      </a>
      {gone && (
        <Button look="primary" onClick={onProven}>
          I have signed in there
        </Button>
      )}
    </>
  );
}
