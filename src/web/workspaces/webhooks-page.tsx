import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { Link, useLocation } from "wouter";
import type { CreatedWebhook, Workspace } from "../../client/index.ts";
import { client } from "../client.ts";
import { Button } from "../design/button.tsx";
import { Empty, Fault, Waiting } from "../design/notice.tsx";
import { Row, Rows } from "../design/rows.tsx";
import { SecretDialog } from "./secret-dialog.tsx";
import { WebhookDialog } from "./webhook-dialog.tsx";
import { WebhookState } from "./webhook-state.tsx";
import { webhooksQuery } from "./workspaces-query.ts";

/** Where else a workspace's events are sent. */
export function WebhooksPage({ workspace: { id } }: { workspace: Workspace }) {
  const queries = useQueryClient();
  const [, goTo] = useLocation();
  const query = webhooksQuery(id);
  const { data: webhooks, error, refetch } = useQuery(query);
  const [making, setMaking] = useState(false);
  const [made, setMade] = useState<CreatedWebhook>();
  const button = (
    <Button look="primary" onClick={() => setMaking(true)}>
      New webhook
    </Button>
  );
  return (
    <>
      {!webhooks && (error ? <Fault error={error} retry={refetch} /> : <Waiting label="Loading webhooks" />)}
      {webhooks?.length === 0 && (
        <Empty title="No webhooks yet">
          <p>
            A webhook tells another program what happens in this workspace: each event is sent to its address.
          </p>
          {button}
        </Empty>
      )}
      {webhooks && webhooks.length > 0 && (
        <>
          <div className="page-actions page-actions-above">{button}</div>
          <Rows>
            {webhooks.map((webhook) => (
              <Row
                key={webhook.id}
                title={<Link href={`/workspaces/${id}/webhooks/${webhook.id}`}>{webhook.name}</Link>}
                note={webhook.url}
              >
                <WebhookState webhook={webhook} />
              </Row>
            ))}
          </Rows>
        </>
      )}
      {making && (
        <WebhookDialog
          title="New webhook"
          action="Create"
          initial={{ name: "", url: "", events: null }}
          onClose={() => setMaking(false)}
          onSubmit={async (webhook) => {
            setMade(await client.webhooks.create(id, webhook));
            setMaking(false);
            await queries.invalidateQueries(query);
          }}
        />
      )}
      {made && (
        <SecretDialog secret={made.secret} onClose={() => goTo(`/workspaces/${id}/webhooks/${made.id}`)} />
      )}
    </>
  );
}
