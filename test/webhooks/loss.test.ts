import { createMessageBatch } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import { database } from "../../src/db/database.ts";
import { consumeEvents } from "../../src/events/consume.ts";
import type { EventConsumer } from "../../src/events/event.ts";
import { type EventMessage, sweepOutbox } from "../../src/events/hand-on.ts";
import { makeAttempts } from "../../src/webhooks/attempt.ts";
import { type DeliveryMessage, noteDeliveries } from "../../src/webhooks/deliveries.ts";
import { sweepDeliveries } from "../../src/webhooks/sweep.ts";
import { renameWorkspace } from "../../src/workspaces/workspaces.ts";
import { newAccount } from "../support/api.ts";
import { newTarget, verified, workspaceWithWebhook } from "../support/webhooks.ts";

const events = 20;
const seed = Math.floor(Math.random() * 2 ** 31);

/** mulberry32. */
function random(state: number) {
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A queue that refuses half of what it is given, loses half of the rest, and doubles some. */
class FailingQueue {
  readonly #chance: () => number;
  waiting: unknown[] = [];

  constructor(chance: () => number) {
    this.#chance = chance;
  }

  async sendBatch(messages: Iterable<{ body: unknown }>): Promise<void> {
    if (this.#chance() < 0.5) throw new Error("the queue is down");
    for (const { body } of messages) {
      if (this.#chance() < 0.5) continue;
      this.waiting.push(body, ...(this.#chance() < 0.3 ? [body] : []));
    }
  }

  send(body: unknown): Promise<void> {
    return this.sendBatch([{ body }]);
  }

  take<T>() {
    const messages = this.waiting.splice(0).map((body) => ({
      id: crypto.randomUUID(),
      timestamp: new Date(),
      attempts: 1,
      body: body as T,
    }));
    return createMessageBatch<T>("failing", messages).messages;
  }
}

it(`EV-1, EV-2: with queues that fail half of the time, and consumers too, no event is lost or unsigned (seed ${seed})`, async () => {
  const chance = random(seed);
  const { user, access_token: token } = await newAccount();
  const target = newTarget();
  const { workspaceId, secret } = await workspaceWithWebhook(token, target, {
    events: ["workspaces.updated"],
  });
  // After eight failures a delivery would be given up.
  let failures = 0;
  await target.script(Array.from({ length: 40 }, () => (chance() < 0.25 && ++failures < 8 ? 500 : 200)));

  // Without requests, so that the real queue has no part in it.
  const db = database(env.DB);
  for (let n = 0; n < events; n++) await renameWorkspace(db, user.id, workspaceId, `Team ${n}`, Date.now());

  const queues = { EVENTS: new FailingQueue(chance), DELIVERIES: new FailingQueue(chance) };
  const failing = { ...env, ...queues } as unknown as Env;
  const failsAfterwards: EventConsumer = async (...heard) => {
    await noteDeliveries(...heard);
    if (chance() < 0.5) throw new Error("the consumer died");
  };
  const left = async () =>
    (
      await env.DB.prepare(
        `SELECT count(*) AS n FROM outbox o LEFT JOIN webhook_deliveries d ON d.event_id = o.id
         WHERE o.workspace_id = ? AND o.type = 'workspaces.updated' AND (o.due_at IS NOT NULL OR d.status IS NOT 'delivered')`,
      )
        .bind(workspaceId)
        .first<{ n: number }>()
    )?.n;
  const orLater = (work: Promise<unknown>) => work.catch(() => {});
  // Never on the hour, when what is old is deleted.
  let now = Math.floor(Date.now() / 3_600_000) * 3_600_000 + 1_800_000;
  for (let round = 0; (await left()) !== 0; round++) {
    expect(round, `${await left()} events are not delivered`).toBeLessThan(500);
    now += 11 * 3_600_000;
    // Days go by until half of the messages are through: a webhook is not given up for that.
    await env.DB.prepare("UPDATE webhooks SET failing_since = NULL WHERE workspace_id = ?")
      .bind(workspaceId)
      .run();
    await orLater(sweepOutbox(failing, now));
    await consumeEvents(failing, queues.EVENTS.take<EventMessage>(), [failsAfterwards]);
    await orLater(sweepDeliveries(failing, now));
    await makeAttempts(failing, queues.DELIVERIES.take<DeliveryMessage>());
  }

  const received = await target.received();
  const { results } = await env.DB.prepare(
    "SELECT id FROM outbox WHERE workspace_id = ? AND type = 'workspaces.updated' ORDER BY id",
  )
    .bind(workspaceId)
    .all<{ id: string }>();
  expect(results).toHaveLength(events);
  expect([...new Set(received.map(({ headers }) => headers["webhook-id"]))].sort()).toEqual(
    results.map(({ id }) => id),
  );
  for (const message of received) expect(verified(secret, message).type).toBe("workspaces.updated");
}, 120_000);
