import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { CreatedPersonalToken, PersonalToken } from "../../client/index.ts";
import { client } from "../client.ts";
import { Button } from "../design/button.tsx";
import { CopyField } from "../design/copy-field.tsx";
import { Confirm, Dialog } from "../design/dialog.tsx";
import { FormFault } from "../design/form.tsx";
import { Empty, Fault, Notice, Waiting } from "../design/notice.tsx";
import { Row, Rows } from "../design/rows.tsx";
import { Ago } from "../design/time.tsx";
import { NewTokenDialog } from "./new-token-dialog.tsx";
import { scopeNames } from "./scopes.ts";

const queryKey = ["personal tokens"] as const;

/** Personal access tokens: how programs come in. */
export function TokensPage() {
  const queries = useQueryClient();
  const { data, error, refetch } = useQuery({ queryKey, queryFn: () => client.tokens.list() });
  const [making, setMaking] = useState(false);
  const [made, setMade] = useState<CreatedPersonalToken>();
  const button = (
    <Button look="primary" onClick={() => setMaking(true)}>
      New token
    </Button>
  );
  return (
    <>
      {!data && (error ? <Fault error={error} retry={refetch} /> : <Waiting label="Loading tokens" />)}
      {data?.items.length === 0 && (
        <Empty title="No access tokens">
          <p>
            With one, a program reads or writes documents as you, and reaches nothing else of your account.
          </p>
          {button}
        </Empty>
      )}
      {data && data.items.length > 0 && (
        <>
          <div className="page-actions page-actions-above">{button}</div>
          <Rows>
            {data.items.map((token) => (
              <TokenRow key={token.id} token={token} />
            ))}
          </Rows>
        </>
      )}
      {making && (
        <NewTokenDialog
          onClose={() => setMaking(false)}
          onMade={(token) => {
            setMaking(false);
            setMade(token);
            return queries.invalidateQueries({ queryKey });
          }}
        />
      )}
      {made && (
        <Dialog title={`The token “${made.name}”`} onClose={() => setMade(undefined)}>
          <div className="form">
            <Notice kind="warn">Copy it now: it is not shown again.</Notice>
            <CopyField label="Token" value={made.token} />
            <p>
              A program sends it as <code>Authorization: Bearer …</code>
            </p>
            <div className="dialog-actions">
              <Button look="primary" onClick={() => setMade(undefined)}>
                I have kept it
              </Button>
            </div>
          </div>
        </Dialog>
      )}
    </>
  );
}

function TokenRow({ token: { id, name, scopes, expires_at, last_used_at } }: { token: PersonalToken }) {
  const queries = useQueryClient();
  const [asking, setAsking] = useState(false);
  const revoke = useMutation({
    mutationFn: () => client.tokens.revoke(id),
    onSuccess: () => {
      setAsking(false);
      return queries.invalidateQueries({ queryKey });
    },
  });
  const hasEnded = Date.parse(expires_at) <= Date.now();
  return (
    <Row
      title={
        <>
          {name} {hasEnded && <span className="badge badge-warn">Ended</span>}
        </>
      }
      note={
        <>
          {scopes.map((scope) => scopeNames[scope]).join(", ")}; {hasEnded ? "ended" : "ends"}{" "}
          <Ago time={expires_at} />;{" "}
          {last_used_at ? (
            <>
              last used <Ago time={last_used_at} />
            </>
          ) : (
            "never used"
          )}
        </>
      }
    >
      <Button small aria-label={`Revoke ${name}`} onClick={() => setAsking(true)}>
        Revoke
      </Button>
      {asking && (
        <Confirm
          title={`Revoke “${name}”?`}
          action="Revoke"
          busy={revoke.isPending}
          onConfirm={() => revoke.mutate()}
          onClose={() => setAsking(false)}
        >
          <p>Whatever uses it is refused from now on, and is cut off from documents that it has open.</p>
          <FormFault error={revoke.error} />
        </Confirm>
      )}
    </Row>
  );
}
