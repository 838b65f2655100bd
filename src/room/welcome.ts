import type { Accepted, Authority } from "../ot/authority.ts";
import type { Hello } from "../protocol/client-frames.ts";
import { limits } from "../protocol/limits.ts";
import type { PresenceItem } from "../protocol/presence.ts";
import type { ActorInfo, Welcome } from "../protocol/server-frames.ts";
import { subprotocol } from "../protocol/subprotocol.ts";
import type { LoadedRoom } from "./loaded-room.ts";
import type { Actor } from "./operation-log.ts";
import type { Grant } from "./room-api.ts";

/** UTF-16 units of the smallest item, `{"op":[],"actor":1,"seq":1},`. */
const smallestItem = 28;

/** The answer to `hello`: what the client misses, or the whole text where that is shorter or the log cannot tell. */
export function composeWelcome(
  { authority, actors, announced, epoch }: LoadedRoom,
  hello: Hello,
  self: { actor: Actor; grant: Grant },
  presence: readonly PresenceItem[],
): string {
  const known = hello.epoch === undefined || hello.epoch === epoch;
  const missed = known && !self.grant.hidesHistory ? missedBy(authority, hello) : undefined;
  const others = new Map(announced);
  for (const { actor } of missed ?? []) {
    const other = actors.get(actor);
    if (other) others.set(actor, other);
  }
  others.delete(self.actor.actor);
  const welcome: Welcome = {
    type: "welcome",
    protocol: subprotocol,
    ...(hello.short && { short: true }),
    version: authority.version,
    epoch,
    ...(missed && hello.since !== undefined
      ? { operations: { from: hello.since + 1, items: missed.map(toItem) } }
      : { text: authority.text.toString() }),
    hash: authority.text.hash(),
    role: self.grant.role,
    actor: self.actor.actor,
    actors: [...others.values()].map(actorInfo),
    presence,
    last_seq: authority.lastOf(self.actor.actor)?.seq ?? 0,
    horizon: authority.horizon,
    expires_at: self.grant.expiresAt,
    limits: {
      frame_units: limits.frameUnits,
      insert_units: limits.insertUnits,
      operation_parts: limits.operationParts,
      transform_parts: limits.transformParts,
      text_units: limits.textUnits,
      selections: limits.selections,
      presence_lag: limits.presenceLag,
      presence_ms: limits.presenceMs,
      ping_seconds: limits.pingSeconds,
      silence_seconds: limits.silenceSeconds,
      token_units: limits.tokenUnits,
      tokens_per_second: limits.socketRate.perSecond,
      tokens_burst: limits.socketRate.burst,
    },
  };
  return JSON.stringify(welcome);
}

/**
 * What was accepted after the client's version; undefined if the text is to be sent instead. A client with a
 * submission in flight (`lastSeq`) gets the operations if the log has them and a frame can carry them: it must
 * transform what it holds. No more is read than is sent.
 */
function missedBy(authority: Authority, { since, lastSeq }: Hello): readonly Accepted[] | undefined {
  if (since === undefined || since > authority.version || since < authority.horizon) return undefined;
  const inFlight = lastSeq !== undefined;
  let left = inFlight
    ? limits.missedUnits
    : Math.min(limits.missedUnits, authority.text.length + smallestItem);
  if ((authority.version - since) * smallestItem > left) return undefined;
  const missed: Accepted[] = [];
  for (const accepted of authority.after(since)) {
    left -= JSON.stringify(toItem(accepted)).length + 1;
    if (left < 0) return undefined;
    missed.push(accepted);
  }
  return missed;
}

const toItem = ({ operation, actor, seq }: Accepted) => ({ op: operation, actor, seq });

/** What others learn of an actor; the client id stays between the client and the room. */
export const actorInfo = ({ actor, userId, kind }: Actor): ActorInfo => ({ actor, user_id: userId, kind });
