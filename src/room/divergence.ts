import type { Authority } from "../ot/authority.ts";
import type { Report } from "../protocol/client-frames.ts";
import { limits } from "../protocol/limits.ts";
import { encodeCheck } from "../protocol/server-frames.ts";
import type { Actor } from "./operation-log.ts";

/** A client's text was not the room's: what is needed to find out why. The room's log has the rest. */
export interface DivergenceReport extends Omit<Report, "type" | "operations"> {
  /** Milliseconds since the epoch. */
  at: number;
  actor: number;
  clientId: string | null;
  userId: string;
  /** What the client took in since its text was last the room's: JSON of the client's making. */
  operations: string;
}

/** The hash that goes to everybody behind the batch that began after `before`, if one is due there. */
export function dueCheck({ version, text }: Authority, before: number): string | undefined {
  const isDue = Math.floor(version / limits.checkVersions) > Math.floor(before / limits.checkVersions);
  return isDue ? encodeCheck(version, text.hash()) : undefined;
}

export const divergenceReport = (
  { version, hash, expected, operations }: Report,
  actor: Actor,
  at: number,
): DivergenceReport => ({
  at,
  actor: actor.actor,
  clientId: actor.clientId,
  userId: actor.userId,
  version,
  ...(hash !== undefined && { hash }),
  ...(expected !== undefined && { expected }),
  operations: JSON.stringify(operations),
});

const key = "divergence_reports";

/** The newest reports of one room, in its storage: a few, since the first ones of a fault tell most and the rest repeat it. */
export class DivergenceReports {
  readonly #storage: Pick<SyncKvStorage, "get" | "put" | "delete">;

  constructor(storage: Pick<SyncKvStorage, "get" | "put" | "delete">) {
    this.#storage = storage;
  }

  /** The newest first. */
  list(): DivergenceReport[] {
    return this.#storage.get<DivergenceReport[]>(key) ?? [];
  }

  add(report: DivergenceReport): void {
    this.#storage.put(key, [report, ...this.list()].slice(0, limits.keptReports));
  }

  /** They quote what people wrote. */
  clear(): void {
    this.#storage.delete(key);
  }
}
