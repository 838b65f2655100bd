import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { Link, useLocation } from "wouter";
import type { Webhook, WebhookChange, Workspace } from "../../client/index.ts";
import { client } from "../client.ts";
import { Button } from "../design/button.tsx";
import { Confirm } from "../design/dialog.tsx";
import { FormFault } from "../design/form.tsx";
import { Menu } from "../design/menu.tsx";
import { Fault, Notice, Waiting } from "../design/notice.tsx";
import { Ago } from "../design/time.tsx";
import { SecretDialog } from "./secret-dialog.tsx";
import { WebhookDeliveries } from "./webhook-deliveries.tsx";
import { WebhookDialog } from "./webhook-dialog.tsx";
import { WebhookState } from "./webhook-state.tsx";
import { webhooksQuery } from "./workspaces-query.ts";
import "./webhook-page.css";

/** One webhook: where it leads, whether it works, what was sent. */
export function WebhookPage({ workspace, webhookId }: { workspace: Workspace; webhookId: string }) {
  const key = [...webhooksQuery(workspace.id).queryKey, webhookId];
  const { data, error, refetch } = useQuery({
    queryKey: key,
    queryFn: () => client.webhooks.get(workspace.id, webhookId),
  });
  if (!data) return error ? <Fault error={error} retry={refetch} /> : <Waiting label="Loading the webhook" />;
  return (
    <>
      <Head workspaceId={workspace.id} webhook={data} />
      <WebhookDeliveries workspaceId={workspace.id} webhook={data} />
    </>
  );
}

function Head({ workspaceId, webhook }: { workspaceId: string; webhook: Webhook }) {
  const { id, name, url, events, enabled, old_secret_until } = webhook;
  const queries = useQueryClient();
  const [, goTo] = useLocation();
  const [asking, setAsking] = useState<"change" | "rotate" | "delete">();
  const close = () => setAsking(undefined);
  const home = `/workspaces/${workspaceId}/webhooks`;
  const onSuccess = () => {
    close();
    return queries.invalidateQueries(webhooksQuery(workspaceId));
  };
  const update = (change: WebhookChange) => client.webhooks.update(workspaceId, id, change);
  const toggle = useMutation({ mutationFn: () => update({ enabled: !enabled }), onSuccess });
  const ping = useMutation({ mutationFn: () => client.webhooks.ping(workspaceId, id), onSuccess });
  const rotate = useMutation({ mutationFn: () => client.webhooks.rotateSecret(workspaceId, id), onSuccess });
  const remove = useMutation({
    mutationFn: () => client.webhooks.delete(workspaceId, id),
    onSuccess: () => {
      goTo(home);
      return queries.invalidateQueries({ ...webhooksQuery(workspaceId), exact: true });
    },
  });
  const error = toggle.error ?? ping.error;
  return (
    <>
      <div className="page-head">
        <div>
          <Link href={home} className="webhook-back">
            All webhooks
          </Link>
          <h2 className="webhook-name">
            {name} <WebhookState webhook={webhook} />
          </h2>
        </div>
        <div className="page-actions">
          {enabled && (
            <Button busy={ping.isPending} onClick={() => ping.mutate()}>
              Send a ping
            </Button>
          )}
          <Button busy={toggle.isPending} onClick={() => toggle.mutate()}>
            {enabled ? "Switch off" : "Switch on"}
          </Button>
          <Menu label="More for this webhook" face="⋯">
            <button type="button" role="menuitem" onClick={() => setAsking("change")}>
              Change…
            </button>
            <button type="button" role="menuitem" onClick={() => setAsking("rotate")}>
              New secret…
            </button>
            <button type="button" role="menuitem" className="menu-danger" onClick={() => setAsking("delete")}>
              Delete…
            </button>
          </Menu>
        </div>
      </div>
      {error && <Fault error={error} />}
      <Trouble webhook={webhook} />
      <dl className="webhook-facts">
        <dt>Address</dt>
        <dd>{url}</dd>
        <dt>Hears of</dt>
        <dd>{events ? events.join(", ") : "everything that happens in the workspace"}</dd>
        {old_secret_until && Date.parse(old_secret_until) > Date.now() && (
          <>
            <dt>Old secret</dt>
            <dd>
              signs beside the new one, until <Ago time={old_secret_until} />
            </dd>
          </>
        )}
      </dl>
      {asking === "change" && (
        <WebhookDialog
          title="Change the webhook"
          action="Save"
          initial={{ name, url, events }}
          onSubmit={async (change) => {
            await update(change);
            await onSuccess();
          }}
          onClose={close}
        />
      )}
      {asking === "rotate" && (
        <Confirm
          title="Make a new secret?"
          action="Make a new secret"
          busy={rotate.isPending}
          onConfirm={() => rotate.mutate()}
          onClose={close}
        >
          <p>The present one signs beside the new one for 24 hours. The one before that ends now.</p>
          <FormFault error={rotate.error} />
        </Confirm>
      )}
      {asking === "delete" && (
        <Confirm
          title={`Delete “${name}”?`}
          action="Delete"
          busy={remove.isPending}
          onConfirm={() => remove.mutate()}
          onClose={close}
        >
          <p>Nothing is sent to it any more, and the log of its deliveries is deleted with it.</p>
          <FormFault error={remove.error} />
        </Confirm>
      )}
      {rotate.data && <SecretDialog secret={rotate.data.secret} onClose={rotate.reset} />}
    </>
  );
}

/** Why nothing arrives, and what to do. */
function Trouble({ webhook: { enabled, disabled_reason, failing_since } }: { webhook: Webhook }) {
  if (!enabled && disabled_reason === "gone")
    return <Notice kind="warn">The target answered that it is gone (410), so it was switched off.</Notice>;
  if (!enabled && disabled_reason === "failing")
    return (
      <Notice kind="warn">
        Nothing had arrived for 5 days, so it was switched off. Mend the target, then switch it on again.
      </Notice>
    );
  if (enabled && failing_since)
    return (
      <Notice kind="warn">
        <span>
          Nothing has arrived since <Ago time={failing_since} />. The deliveries below say why.
        </span>
      </Notice>
    );
  return null;
}
