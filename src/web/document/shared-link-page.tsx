import { useMutation } from "@tanstack/react-query";
import { useEffect, useMemo, useState } from "react";
import { useLocation } from "wouter";
import { MateriClient, MateriError } from "../../client/index.ts";
import { Doorway } from "../account/doorway.tsx";
import { useKeptToken } from "../account/kept-token.ts";
import { client, useUser } from "../client.ts";
import { Button, buttonClass } from "../design/button.tsx";
import { Field } from "../design/field.tsx";
import { Form, FormFault } from "../design/form.tsx";
import { Waiting } from "../design/notice.tsx";
import { DocumentClient } from "./document-client.ts";
import { DocumentPage } from "./document-page.tsx";

/** What a share link leads to: the document, for people with an account; for guests after they have said their name. */
export function SharedLinkPage() {
  const [token] = useKeptToken("shared");
  const user = useUser();
  const [, goTo] = useLocation();
  const [name, setName] = useState("");
  const open = useMutation({
    mutationFn: () => client.sharing.openLink({ token, ...(!user && { name }) }),
    onSuccess: ({ document_id, guest }) => {
      if (!guest) goTo(`/documents/${document_id}`, { replace: true });
    },
  });
  const { mutate } = open;
  useEffect(() => {
    if (user) mutate();
  }, [user, mutate]);
  const guest = open.data?.guest;
  const guestClient = useMemo(() => guest && new MateriClient({ token: () => guest.access_token }), [guest]);
  if (open.data && guestClient) {
    return (
      <DocumentClient value={guestClient}>
        <DocumentPage id={open.data.document_id} showsHistory={false} />
      </DocumentClient>
    );
  }
  if (user && !open.isError) return <Waiting label="Opening the document" />;
  const asksForAccount = open.error instanceof MateriError && open.error.code === "unauthenticated";
  return (
    <Doorway title="A document was shared with you">
      <Form onSubmit={open.mutate}>
        {!user && (
          <Field
            label="Your name"
            hint="As the others see you in the document."
            value={name}
            onChange={(event) => setName(event.target.value)}
            autoFocus
            required
          />
        )}
        {asksForAccount ? (
          <p>This link is for people who have an account.</p>
        ) : (
          <FormFault error={open.error} />
        )}
        <Button look="primary" type="submit" busy={open.isPending}>
          Open the document
        </Button>
      </Form>
      {!user && (
        <a className={buttonClass()} href="/sign-in?next=/shared">
          Sign in instead
        </a>
      )}
    </Doorway>
  );
}
