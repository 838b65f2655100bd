import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import type { Webhook } from "../../client/index.ts";
import { Button } from "../design/button.tsx";
import { Dialog } from "../design/dialog.tsx";
import { faultOf } from "../design/explain.ts";
import { Field } from "../design/field.tsx";
import { Form, FormFault } from "../design/form.tsx";
import { type WebhookEvent, webhookEvents } from "./webhook-events.ts";
import "./webhook-dialog.css";

type Told = Pick<Webhook, "name" | "url" | "events">;

interface WebhookDialogProps {
  title: string;
  /** What is done: "Create". */
  action: string;
  initial: Told;
  onSubmit: (webhook: Told) => Promise<unknown>;
  onClose: () => void;
}

/** Where a webhook leads, and what it hears of. */
export function WebhookDialog({ title, action, initial, onSubmit, onClose }: WebhookDialogProps) {
  const [webhook, setWebhook] = useState(initial);
  const { name, url, events } = webhook;
  const save = useMutation({ mutationFn: () => onSubmit(webhook) });
  const toggle = (event: WebhookEvent, on: boolean) =>
    setWebhook({
      ...webhook,
      events: on ? [...(events ?? []), event] : (events ?? []).filter((e) => e !== event),
    });
  return (
    <Dialog title={title} onClose={onClose}>
      <Form onSubmit={save.mutate}>
        <Field
          label="Name"
          value={name}
          onChange={({ target }) => setWebhook({ ...webhook, name: target.value })}
          fault={faultOf(save.error, "name")}
          autoFocus
          required
        />
        <Field
          label="Address"
          type="url"
          placeholder="https://example.com/materi"
          hint="It gets a POST for every event, signed as the Standard Webhooks specification says."
          value={url}
          onChange={({ target }) => setWebhook({ ...webhook, url: target.value })}
          fault={faultOf(save.error, "url")}
          required
        />
        <fieldset className="choices">
          <legend className="field-label">It hears of</legend>
          <label className="choice">
            <input
              type="radio"
              name="events"
              checked={events === null}
              onChange={() => setWebhook({ ...webhook, events: null })}
            />
            everything that happens in the workspace
          </label>
          <label className="choice">
            <input
              type="radio"
              name="events"
              checked={events !== null}
              onChange={() => setWebhook({ ...webhook, events: initial.events ?? [] })}
            />
            these events alone
          </label>
          {events && (
            <div className="webhook-events">
              {(Object.entries(webhookEvents) as [WebhookEvent, string][]).map(([event, what]) => (
                <label key={event} className="choice">
                  <input
                    type="checkbox"
                    checked={events.includes(event)}
                    onChange={({ target }) => toggle(event, target.checked)}
                  />
                  <span>
                    <code>{event}</code> {what}
                  </span>
                </label>
              ))}
            </div>
          )}
        </fieldset>
        <FormFault error={save.error} />
        <div className="dialog-actions">
          <Button onClick={onClose}>Cancel</Button>
          <Button look="primary" type="submit" busy={save.isPending} disabled={events?.length === 0}>
            {action}
          </Button>
        </div>
      </Form>
    </Dialog>
  );
}
