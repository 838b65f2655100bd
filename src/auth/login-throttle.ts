import { DurableObject } from "cloudflare:workers";
import {
  type Attempted,
  attempt,
  emptyAt,
  emptyQuota,
  type LoginQuota,
  type LoginVerdict,
  remember,
  succeeded,
} from "./login-quota.ts";

/**
 * Counts the attempts to sign in to one account, exactly: one Durable Object for each address that is typed into a login,
 * whether there is an account or not (law AU-1), named by its hash; and one for each second factor. It forgets by itself.
 */
export class LoginThrottle extends DurableObject<Env> {
  attempt(network: string, now: number, attempted: Attempted): LoginVerdict {
    const { quota, verdict } = attempt(this.#load(), network, now, attempted);
    this.#save(quota);
    return verdict;
  }

  succeeded(network: string, now: number, attempted: Attempted): void {
    this.#save(succeeded(this.#load(), network, now, attempted));
  }

  remember(network: string, now: number): void {
    this.#save(remember(this.#load(), network, now));
  }

  /** Deletes what is known of the account: its owner has gone, or has another address. */
  async forget(): Promise<void> {
    await this.ctx.storage.deleteAll();
  }

  override async alarm(): Promise<void> {
    const end = emptyAt(this.#load());
    if (end <= Date.now()) await this.ctx.storage.deleteAll();
    else await this.ctx.storage.setAlarm(end);
  }

  #load(): LoginQuota {
    return this.ctx.storage.kv.get<LoginQuota>("quota") ?? emptyQuota;
  }

  #save(quota: LoginQuota): void {
    this.ctx.storage.kv.put("quota", quota);
    this.ctx.waitUntil(this.#wakeAt(emptyAt(quota)));
  }

  /** One alarm is enough, also where it comes too early: it sets itself anew. */
  async #wakeAt(end: number): Promise<void> {
    if ((await this.ctx.storage.getAlarm()) === null) await this.ctx.storage.setAlarm(end);
  }
}
