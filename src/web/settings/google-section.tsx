import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useSearch } from "wouter";
import { googleRefusal } from "../account/google-refusal.ts";
import { signInMethodsQuery } from "../account/sign-in-methods-query.ts";
import { client } from "../client.ts";
import { Button } from "../design/button.tsx";
import { Confirm } from "../design/dialog.tsx";
import { FormFault } from "../design/form.tsx";
import { Fault, Notice, Waiting } from "../design/notice.tsx";
import { Row, Rows } from "../design/rows.tsx";
import { Section } from "../design/section.tsx";
import { Ago } from "../design/time.tsx";
import { proven } from "./proven.ts";
import { securityKey } from "./security-query.ts";

/** Google, as another way in than a password. */
export function GoogleSection() {
  const refused = new URLSearchParams(useSearch()).get("error");
  const queries = useQueryClient();
  const { data: methods } = useQuery(signInMethodsQuery);
  const [unlinking, setUnlinking] = useState(false);
  const identities = useQuery({
    queryKey: [...securityKey, "identities"],
    queryFn: () => client.account.identities(),
  });
  const link = useMutation({
    mutationFn: () => proven(() => client.account.linkGoogle({ return_to: "/settings/security" })),
    onSuccess: ({ authorization_url }) => location.assign(authorization_url),
  });
  const unlink = useMutation({
    mutationFn: () => proven(() => client.account.unlinkGoogle()),
    onSuccess: async () => {
      setUnlinking(false);
      client.auth.update(await client.account.get());
      await queries.invalidateQueries({ queryKey: securityKey });
    },
  });
  if (methods?.google === false && identities.data?.items.length === 0) return null;
  return (
    <Section title="Google" about="Sign in with your Google account, beside your password or in place of it.">
      {refused && <Notice kind="bad">{googleRefusal(refused)}</Notice>}
      {identities.isPending && <Waiting />}
      {identities.isError && <Fault error={identities.error} retry={identities.refetch} />}
      {identities.data?.items.length === 0 && (
        <Button busy={link.isPending} onClick={() => link.mutate()}>
          Link Google
        </Button>
      )}
      {identities.data && identities.data.items.length > 0 && (
        <Rows>
          {identities.data.items.map(({ provider, email, created_at }) => (
            <Row
              key={provider}
              title={email}
              note={
                <>
                  Linked <Ago time={created_at} />
                </>
              }
            >
              <Button small onClick={() => setUnlinking(true)}>
                Unlink
              </Button>
            </Row>
          ))}
        </Rows>
      )}
      <FormFault error={link.error} />
      {unlinking && (
        <Confirm
          title="Unlink Google?"
          action="Unlink"
          busy={unlink.isPending}
          onConfirm={() => unlink.mutate()}
          onClose={() => setUnlinking(false)}
        >
          <p>From then on you sign in with your password alone.</p>
          <FormFault error={unlink.error} />
        </Confirm>
      )}
    </Section>
  );
}
