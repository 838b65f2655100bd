import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { Webhook, WebhookDelivery } from "../../client/index.ts";
import { client } from "../client.ts";
import { Button } from "../design/button.tsx";
import { Fault } from "../design/notice.tsx";
import { Row } from "../design/rows.tsx";
import { Ago } from "../design/time.tsx";
import { webhooksQuery } from "./workspaces-query.ts";

const states = {
  pending: <span className="badge badge-warn">Under way</span>,
  delivered: <span className="badge badge-good">Delivered</span>,
  dead: <span className="badge badge-bad">Given up</span>,
} satisfies Record<WebhookDelivery["status"], unknown>;

interface DeliveryRowProps {
  workspaceId: string;
  webhook: Webhook;
  delivery: WebhookDelivery;
  onRedelivered: () => unknown;
}

/** One message to a webhook: what became of it, what it says, and once more. */
export function DeliveryRow({ workspaceId, webhook, delivery, onRedelivered }: DeliveryRowProps) {
  const { id, type, status, created_at } = delivery;
  const [open, setOpen] = useState(false);
  const message = useQuery({
    queryKey: [...webhooksQuery(workspaceId).queryKey, webhook.id, "deliveries", id, "message"],
    queryFn: async () => (await client.webhooks.delivery(workspaceId, webhook.id, id)).message,
    enabled: open,
    staleTime: Number.POSITIVE_INFINITY,
  });
  const redeliver = useMutation({
    mutationFn: () => client.webhooks.redeliver(workspaceId, webhook.id, id),
    onSettled: onRedelivered,
  });
  return (
    <Row
      title={<code>{type}</code>}
      note={
        <>
          <Ago time={created_at} />, {outcome(delivery)}
        </>
      }
      more={
        <>
          {redeliver.isError && <Fault error={redeliver.error} />}
          {message.isError && <Fault error={message.error} />}
          {open && message.data && (
            // biome-ignore lint/a11y/noNoninteractiveTabindex: whoever has no mouse scrolls it with the keys
            <pre className="delivery-message" tabIndex={0}>
              {JSON.stringify(message.data, null, 2)}
            </pre>
          )}
        </>
      }
    >
      {states[status]}
      <Button small look="quiet" aria-expanded={open} onClick={() => setOpen(!open)}>
        Message
      </Button>
      {status !== "pending" && webhook.enabled && (
        <Button small busy={redeliver.isPending} onClick={() => redeliver.mutate()}>
          Send again
        </Button>
      )}
    </Row>
  );
}

/** What became of it, for people who mend the target. */
function outcome({ attempts, answer, failure, took_ms, next_attempt_at }: WebhookDelivery) {
  const tries = attempts === 1 ? "1 try" : `${attempts} tries`;
  const took = took_ms === null ? "" : ` in ${took_ms} ms`;
  const what = failure
    ? (faults[failure]?.(answer) ?? failure)
    : answer === null
      ? "not sent yet"
      : `answered ${answer}`;
  return (
    <>
      {tries}, {what}
      {took}
      {next_attempt_at && attempts > 0 && (
        <>
          , next <Ago time={next_attempt_at} />
        </>
      )}
    </>
  );
}

const faults: Record<string, ((answer: number | null) => string) | undefined> = {
  status: (answer) => `refused with ${answer}`,
  redirect: (answer) => `redirected with ${answer}, which is not followed`,
  timeout: () => "no answer within 15 seconds",
  unreachable: () => "not reached",
  forbidden_target: () => "not sent: the address is not public",
  no_such_host: () => "there is no such host",
  unresolved: () => "not sent: the name could not be looked up",
  disabled: () => "not sent: the webhook was switched off",
};
