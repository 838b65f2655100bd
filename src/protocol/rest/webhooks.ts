import { z } from "zod";
import { limits } from "../limits.ts";
import { nextCursor } from "./page.ts";
import { id, jsonObject, line, text, time } from "./text.ts";

/** What workspaces tell their webhooks of. */
export const webhookEventTypes = [
  "documents.created",
  "documents.updated",
  "documents.deleted",
  "documents.restored",
  "documents.erased",
  "documents.shared",
  "workspaces.created",
  "workspaces.updated",
  "workspaces.deleted",
  "workspaces.restored",
  "members.invited",
  "members.added",
  "members.changed",
  "members.removed",
] as const;

const name = line("name", limits.nameUnits);
const url = text("url", { min: 1, max: limits.webhookUrlUnits })
  .refine((value) => URL.canParse(value), "url must be an absolute URL")
  .meta({
    format: "uri",
    description: "An https address with a public name. It answers 2xx; redirects are not followed.",
  });
const events = z
  .array(z.enum(webhookEventTypes, "events must be types of events"), "events must be a list, or null")
  .refine((list) => new Set(list).size === list.length, "events must not repeat a type")
  .nullable()
  .meta({ description: "The types that it hears of; null: all." });
const traceId = z.string().nullable().meta({
  description:
    "Of the request that it comes from, or, where nobody asked for it by REST, of the newest operation; null: of neither.",
});
const enabled = z.boolean("enabled must be true or false");

/** What `POST /workspaces/{id}/webhooks` takes. */
export const newWebhook = z
  .object({ url, name: name.default("Webhook"), events: events.default(null) }, { error: jsonObject })
  .meta({ id: "NewWebhook" });

/** What `PATCH /workspaces/{id}/webhooks/{webhook_id}` takes. */
export const webhookChange = z
  .object(
    {
      url: url.optional(),
      name: name.optional(),
      events: events.optional(),
      enabled: enabled.optional().meta({ description: "Whether anything is sent." }),
    },
    { error: jsonObject },
  )
  .meta({ id: "WebhookChange" });

export const webhook = z
  .object({
    id,
    name: z.string(),
    url: z.string(),
    events: z.array(z.enum(webhookEventTypes)).nullable(),
    enabled: z.boolean(),
    disabled_reason: z
      .enum(["asked", "gone", "failing"])
      .nullable()
      .meta({
        description: `gone: it answered 410; failing: nothing has arrived for ${limits.webhookFailingDays} days.`,
      }),
    failing_since: time.nullable(),
    old_secret_until: time
      .nullable()
      .meta({ description: "Until when the secret before the newest signs, too." }),
    created_by: id,
    created_at: time,
  })
  .meta({ id: "Webhook" });

export const webhookPage = z
  .object({ items: z.array(webhook), next_cursor: nextCursor })
  .meta({ id: "WebhookPage" });

const secret = z
  .string()
  .meta({ description: "whsec_…, for the verification of signatures (Standard Webhooks). Shown this once." });

export const createdWebhook = webhook.extend({ secret }).meta({ id: "CreatedWebhook" });

export const deliveryStatuses = ["pending", "delivered", "dead"] as const;

export const webhookDelivery = z
  .object({
    id,
    event_id: id.meta({ description: "As in the header webhook-id, the same each time that it is sent." }),
    type: z.string(),
    trace_id: traceId,
    status: z
      .enum(deliveryStatuses)
      .meta({ description: "dead: it was given up, and can be asked for again." }),
    attempts: z.int(),
    next_attempt_at: time.nullable(),
    attempted_at: time.nullable(),
    took_ms: z.int().nullable(),
    answer: z.int().nullable().meta({ description: "HTTP status of the last answer; null: there was none." }),
    failure: z.string().nullable().meta({ description: "Why the last attempt failed." }),
    created_at: time,
  })
  .meta({ id: "WebhookDelivery" });

export const webhookAttempt = z
  .object({
    attempt: z.int().meta({ description: "Counted from 1, and anew when the delivery is asked for again." }),
    attempted_at: time,
    took_ms: z
      .int()
      .nullable()
      .meta({ description: "Null, and so the others: it is under way, or the service died with it." }),
    answer: z.int().nullable().meta({ description: "HTTP status; null: there was none." }),
    failure: z.string().nullable(),
  })
  .meta({ id: "WebhookAttempt" });

export const webhookDeliveryPage = z
  .object({ items: z.array(webhookDelivery), next_cursor: nextCursor })
  .meta({ id: "WebhookDeliveryPage" });

/** What a webhook is sent. */
export const webhookMessage = z
  .object({
    type: z.string(),
    timestamp: time.meta({ description: "When it happened." }),
    trace_id: traceId,
    data: z.record(z.string(), z.union([z.string(), z.number(), z.null()])),
  })
  .meta({ id: "WebhookMessage" });

export const webhookDeliveryWithMessage = webhookDelivery
  .extend({
    message: webhookMessage,
    log: z
      .array(webhookAttempt)
      .meta({ description: `The attempts at it, newest first, the last ${limits.keptAttempts}.` }),
  })
  .meta({ id: "WebhookDeliveryWithMessage" });

export type WebhookBody = z.infer<typeof webhook>;
export type WebhookAttemptBody = z.infer<typeof webhookAttempt>;
export type WebhookDeliveryBody = z.infer<typeof webhookDelivery>;
export type WebhookMessageBody = z.infer<typeof webhookMessage>;
