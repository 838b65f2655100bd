import { createScheduledController } from "cloudflare:test";
import { env } from "cloudflare:workers";
import worker from "../../src/index.ts";

/** What the cron does at this moment, or at another. */
export const ringCron = (now = Date.now()): Promise<void> =>
  worker.scheduled(createScheduledController({ scheduledTime: new Date(now) }), env);
