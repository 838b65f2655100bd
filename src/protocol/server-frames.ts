import type { Operation } from "../ot/operation.ts";
import type { ClientFrame, Refused } from "./client-frames.ts";
import type { ErrorCode } from "./errors.ts";
import { expandShort } from "./frame-form.ts";
import type { PresenceFrame, PresenceItem } from "./presence.ts";
import type { subprotocol } from "./subprotocol.ts";

// What the server sends: docs/protocol.md tells it in prose, frame-schemas.ts as schemas.

export type Role = "owner" | "editor" | "viewer";

/** Who an actor number stands for. */
export interface ActorInfo {
  actor: number;
  user_id: string;
  kind: "person" | "program" | "import";
}

/** An accepted operation as others get it; in a list from `from`, item k has version from + k. */
export interface Item {
  op: Operation;
  actor: number;
  seq: number;
}

export interface OperationList {
  from: number;
  items: Item[];
}

export interface Welcome {
  type: "welcome";
  protocol: typeof subprotocol;
  /** From here on the server speaks the short form to this client, and takes it. */
  short?: true;
  /** The version that the client has after this frame. */
  version: number;
  /** Names the room's storage: after it was restored, versions of before say nothing. */
  epoch: string;
  /** Either the whole text at `version`, or what was accepted after the client's `since`, its own included. */
  text?: string;
  operations?: OperationList;
  /** Of the text at `version` (src/ot/text-hash.ts). */
  hash: number;
  role: Role;
  /** This client's number. */
  actor: number;
  /** The others whose numbers were told so far, and those of `operations`. */
  actors: ActorInfo[];
  /** The others that show themselves, with positions in the text at `version`. */
  presence: readonly PresenceItem[];
  /** The highest `seq` that was accepted from this client id; 0 if none was. */
  last_seq: number;
  /** The oldest version that a submission may be based on. */
  horizon: number;
  /** When the access token ends, seconds since the epoch. */
  expires_at: number;
  limits: {
    frame_units: number;
    insert_units: number;
    operation_parts: number;
    transform_parts: number;
    text_units: number;
    selections: number;
    presence_lag: number;
    presence_ms: number;
    ping_seconds: number;
    silence_seconds: number;
    /** A frame costs a token, and one more for each `token_units` of its UTF-16 units. */
    token_units: number;
    tokens_per_second: number;
    tokens_burst: number;
  };
}

/** Sent in the order of versions: the receiver now has everything up to `version`. */
export interface Ack {
  type: "ack";
  seq: number;
  version: number;
}

/** The hash of the text at `version`, which is the receiver's version. */
export interface Check {
  type: "check";
  version: number;
  hash: number;
}

export interface Operations extends OperationList {
  type: "operations";
}

/** Numbers that later frames will bear. */
export interface Actors {
  type: "actors";
  actors: readonly ActorInfo[];
}

/** What the receiver may do from now on; `reason` is for people. */
export interface RoleChange {
  type: "role";
  role: Role;
  reason: string;
}

/** A frame that was put off, and had no effect: the same one may come again after `retry_ms`. */
export interface SlowDown {
  type: "slow_down";
  /** The submission that it is about. */
  seq?: number;
  retry_ms: number;
}

/** The socket's token ends soon: send a new one by `auth`. */
export interface AuthExpiring {
  type: "auth_expiring";
  /** Seconds since the epoch. */
  expires_at: number;
}

/** The new token holds, until then. */
export interface AuthRenewed {
  type: "auth";
  expires_at: number;
}

export interface ErrorFrame {
  type: "error";
  code: ErrorCode;
  detail: string;
  /** The submission that was refused; it and nothing else has no effect. */
  seq?: number;
  /** Whether the same frame may succeed later. */
  retryable: boolean;
  /** With `slow_down`: when it may succeed. */
  retry_ms?: number;
  /** Answers to the seed's frame also say `success: false`. */
  success?: false;
}

/** The answer to the seed's frame. */
export interface SeedAnswer {
  success: true;
  version: number;
}

export type ServerFrame =
  | Check
  | Welcome
  | Ack
  | Operations
  | Actors
  | PresenceFrame
  | RoleChange
  | SlowDown
  | AuthExpiring
  | AuthRenewed
  | ErrorFrame;

export const encodeCheck = (version: number, hash: number): string =>
  `{"type":"check","version":${version},"hash":${hash}}`;

export const encodeActors = (actors: readonly ActorInfo[]): string =>
  JSON.stringify({ type: "actors", actors } satisfies Actors);

export const encodeRole = (role: Role, reason: string): string =>
  JSON.stringify({ type: "role", role, reason } satisfies RoleChange);

/** The answer to a frame that came too fast, in the form that its kind knows; undefined for those that want none. */
export function encodeSlowDown(frame: ClientFrame, pause: number): string | undefined {
  if (frame.type === "presence" || frame.type === "unknown") return undefined;
  if (frame.type === "seed" || (frame.type === "refused" && frame.seed)) {
    const answer: ErrorFrame = {
      type: "error",
      code: "slow_down",
      detail: "too many frames",
      retryable: true,
      retry_ms: pause,
      success: false,
    };
    return JSON.stringify(answer);
  }
  const slowDown: SlowDown = { type: "slow_down", retry_ms: pause };
  return JSON.stringify("seq" in frame ? { ...slowDown, seq: frame.seq } : slowDown);
}

export const encodeAuthExpiring = (expiresAt: number): string =>
  `{"type":"auth_expiring","expires_at":${expiresAt}}`;

export const encodeAuthRenewed = (expiresAt: number): string => `{"type":"auth","expires_at":${expiresAt}}`;

export const encodeSeedAnswer = (version: number): string => `{"success":true,"version":${version}}`;

/** Codes after which the same frame may be sent again. */
const retryable: ReadonlySet<ErrorCode> = new Set(["unavailable", "internal", "slow_down", "storage_full"]);

export function encodeError(refusal: Omit<Refused, "type">): string {
  const { code, detail, seq, seed } = refusal;
  const frame: ErrorFrame = { type: "error", code, detail, retryable: retryable.has(code) };
  if (seq !== undefined) frame.seq = seq;
  if (seed) frame.success = false;
  return JSON.stringify(frame);
}

/**
 * Reads one message of the server, in either form; undefined where it has no type. Of a type that this version does not know
 * nothing is to be made (law WR-1). The server is trusted for the form of its frames, as a client trusts its own document store.
 */
export function decodeServerFrame(message: string): ServerFrame | undefined {
  const frame = JSON.parse(message);
  return frame.type === undefined ? expandShort(frame) : frame;
}
