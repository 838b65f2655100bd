import type { DivergenceReport } from "./divergence.ts";
import type { OperationLog } from "./operation-log.ts";
import type { Grant, RoomResult } from "./room-api.ts";

/** What the room needs from its surroundings. */
export interface RoomPorts {
  log: OperationLog;
  /** Milliseconds since the epoch. */
  now(): number;
  /**
   * Runs `flush` in the next turn of the event loop, so that the messages of this turn share one commit; or after `ms`,
   * which is never longer than presence is held back or a commit waits (law RM-7).
   */
  later(flush: () => void, ms?: number): void;
  /** An unexpected error, for the operator. */
  report(error: unknown): void;
  /** A client's text was another than the room's. */
  diverged(report: DivergenceReport): void;
  /** Asks to be woken for the room's `tasks` at this time or before, milliseconds since the epoch. */
  wakeBy(at: number): void;
  /** What this user may do in this document now, if the access token is theirs; who knows that is outside the room. */
  authorize(token: string, userId: string): Promise<RoomResult<{ grant: Grant }>>;
}
