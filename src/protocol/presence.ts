import type { Selection } from "../ot/selection.ts";
import type { ErrorCode } from "./errors.ts";
import { limits } from "./limits.ts";

// The part of materi.v1 that tells who looks at what. Nothing of it is versioned or stored (law PR-1).

/** From a client: what it has selected in the text at `version`; null: it shows itself no longer. */
export interface PresenceUpdate {
  type: "presence";
  version: number;
  selections: readonly Selection[] | null;
  /** #rrggbb; one made from the user id by default. */
  color?: string;
}

/** To clients: somebody who is there. Who they are is what the server verified, not what they say. */
export interface PresenceItem {
  actor: number;
  user_id: string;
  name: string;
  kind: "person" | "program" | "import";
  color: string;
  selections: readonly Selection[];
}

/** To clients: somebody who is there no longer. */
export interface PresenceGone {
  actor: number;
  gone: true;
}

/** Stands in the stream at `version`: all up to it has come, and nothing after it. Positions are of that text. */
export interface PresenceFrame {
  type: "presence";
  version: number;
  items: (PresenceItem | PresenceGone)[];
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

const isSelection = (value: unknown): value is [number, number] =>
  Array.isArray(value) && value.length === 2 && isCount(value[0]) && isCount(value[1]);

/** Reads a client's update, of which the type is known. Fields that are not named here are ignored, also a name. */
export function decodePresence({
  version,
  selections,
  color,
}: Record<string, unknown>): PresenceUpdate | { code: ErrorCode; detail: string } {
  if (!isCount(version)) return invalid("`version` is an integer from 0");
  if (selections !== null) {
    if (!Array.isArray(selections)) return invalid("`selections` is a list, or null");
    if (selections.length > limits.selections) {
      return { code: "payload_too_large", detail: `a presence has at most ${limits.selections} selections` };
    }
    if (!selections.every(isSelection)) return invalid("a selection is [anchor, head], two integers from 0");
  }
  const update: PresenceUpdate = { type: "presence", version, selections };
  if (color !== undefined && color !== null) {
    if (typeof color !== "string" || !/^#[0-9a-fA-F]{6}$/.test(color)) return invalid("`color` is #rrggbb");
    update.color = color.toLowerCase();
  }
  return update;
}

const invalid = (detail: string) => ({ code: "invalid_frame", detail }) as const;

export const encodePresenceUpdate = (
  update: Pick<PresenceUpdate, "version" | "selections"> & { color?: string | undefined },
): string => JSON.stringify({ type: "presence", ...update });

/** `presence` from items that are already JSON: each is encoded once, however many sockets get it. */
export const encodePresence = (version: number, items: readonly string[]): string =>
  `{"type":"presence","version":${version},"items":[${items.join(",")}]}`;
