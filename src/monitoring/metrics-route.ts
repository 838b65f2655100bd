import { count, isNotNull } from "drizzle-orm";
import type { Context } from "hono";
import { database } from "../db/database.ts";
import { outbox, webhookDeliveries } from "../db/schema.ts";
import { errorFields, log } from "../platform/log.ts";
import { addTo, report, type Series } from "../platform/metrics.ts";
import type { RequestContext } from "../platform/request-context.ts";
import { prometheusText, prometheusType } from "./prometheus-text.ts";

/** `GET /metrics`: what all isolates have told, and what waits at this moment. */
export async function tellMetrics(c: Context<RequestContext>): Promise<Response> {
  await report(Date.now());
  const series = await c.env.METRICS.getByName("metrics").read();
  await addWaiting(c.env, series);
  return c.body(prometheusText(series), 200, { "content-type": prometheusType });
}

/** What waits, as far as it can be asked: what is out of order is just when somebody looks. */
async function addWaiting(env: Env, series: Series): Promise<void> {
  const db = database(env.DB);
  const asked = {
    outbox: async () => {
      const [row] = await db.select({ n: count() }).from(outbox).where(isNotNull(outbox.dueAt));
      addTo(series, "materi_outbox_waiting", {}, [row?.n ?? 0]);
    },
    deliveries: async () => {
      const rows = db.select({ n: count() }).from(webhookDeliveries);
      const [row] = await rows.where(isNotNull(webhookDeliveries.dueAt));
      addTo(series, "materi_deliveries_waiting", {}, [row?.n ?? 0]);
    },
    "queue of events": async () => {
      const { backlogCount } = await env.EVENTS.metrics();
      addTo(series, "materi_queue_backlog", { queue: "events" }, [backlogCount]);
    },
    "queue of deliveries": async () => {
      const { backlogCount } = await env.DELIVERIES.metrics();
      addTo(series, "materi_queue_backlog", { queue: "deliveries" }, [backlogCount]);
    },
  };
  await Promise.all(
    Object.entries(asked).map(([what, ask]) =>
      ask().catch((error: unknown) => log("warn", "metric_not_asked", { what, ...errorFields(error) })),
    ),
  );
}
