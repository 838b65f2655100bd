import { useMutation } from "@tanstack/react-query";
import { Link, Redirect } from "wouter";
import { client, useUser } from "../client.ts";
import { Button, buttonClass } from "../design/button.tsx";
import { FormFault } from "../design/form.tsx";
import { Notice } from "../design/notice.tsx";
import { Doorway } from "./doorway.tsx";
import { useKeptToken } from "./kept-token.ts";

export function ConfirmEmailPage() {
  const [token, forget] = useKeptToken("confirm-email");
  const user = useUser();
  const confirm = useMutation({
    mutationFn: () => client.account.confirmEmail({ token }),
    onSuccess: (user) => {
      forget();
      client.auth.update(user);
    },
  });
  if (!user) return <Redirect to="/sign-in?next=/confirm-email" replace />;
  return (
    <Doorway title="Confirm your address">
      {confirm.isSuccess ? (
        <>
          <Notice>Your e-mail address is confirmed.</Notice>
          <Link href="/" className={buttonClass("primary")}>
            To your documents
          </Link>
        </>
      ) : (
        <>
          <p>You are signed in as {user.email}.</p>
          <FormFault error={confirm.error} />
          <Button look="primary" busy={confirm.isPending} onClick={() => confirm.mutate()}>
            Confirm the address
          </Button>
        </>
      )}
    </Doorway>
  );
}
