import type { Session } from "./peer.ts";
import type { Attendee } from "./room-api.ts";

/** Viewers whom fan-outs serve: as many as were told when their number last changed by more than a few. */
export function audienceOf(sessions: Iterable<Session>): number {
  let viewers = 0;
  for (const { fanout } of sessions) viewers += fanout?.viewers ?? 0;
  return viewers;
}

/** Who is here: one for each user and kind, with the first of their sockets and the most that any of them may do. */
export function attendeesOf(sessions: Iterable<Session>): Attendee[] {
  const attendees = new Map<string, Attendee>();
  for (const { grant, since, fanout } of sessions) {
    if (since === undefined || fanout !== undefined) continue;
    const { userId, kind, name, role } = grant;
    const key = `${kind} ${userId}`;
    const known = attendees.get(key);
    if (!known) {
      attendees.set(key, { userId, kind, name, role, since });
      continue;
    }
    known.since = Math.min(known.since, since);
    if (rank[role] > rank[known.role]) known.role = role;
  }
  return [...attendees.values()].sort((a, b) => a.since - b.since);
}

const rank = { viewer: 0, editor: 1, owner: 2 } as const satisfies Record<Attendee["role"], number>;
