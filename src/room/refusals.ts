import type { Verdict } from "../ot/authority.ts";
import type { ClientFrame, Refused, SeedEdit, Submit } from "../protocol/client-frames.ts";
import { limits } from "../protocol/limits.ts";
import type { LoadedRoom } from "./loaded-room.ts";
import type { Peer } from "./peer.ts";

/** Why the room does not do what a frame or a request asks. */
export type Refusal = Omit<Refused, "type">;

export const storageFull = {
  code: "storage_full",
  detail: "the document's storage is nearly full: it can be read, and its history trimmed",
} as const;

export const noSuchDocument = { code: "not_found", detail: "there is no such document" } as const;

export const mayEdit = ({ session }: Peer): boolean => session.grant.role !== "viewer";

/** Whether it was accepted before, when the peer might edit: then it is owed its ack (law RM-3). */
export const isRepeat = (room: LoadedRoom, { session }: Peer, frame: Submit | SeedEdit): boolean =>
  frame.type === "submit" && session.actor !== undefined && frame.seq < room.nextSeq(session.actor);

/** What ties an answer to its frame. */
export function answerTo(frame: ClientFrame): Pick<Refused, "seq" | "seed"> {
  if (frame.type === "submit") return { seq: frame.seq };
  return frame.type === "seed" ? { seed: true } : {};
}

export function refusalOf(
  verdict: Extract<Verdict, { kind: "too_old" | "invalid" }>,
): Pick<Refused, "code" | "detail"> {
  if (verdict.kind === "invalid") return { code: verdict.code, detail: verdict.detail };
  return { code: "too_old", detail: `the oldest base that can be transformed is ${verdict.horizon}` };
}

export function contentFault(content: string): Refusal | undefined {
  if (!content.isWellFormed())
    return { code: "invalid_operation", detail: "the content has a lone surrogate" };
  if (content.length <= limits.textUnits) return undefined;
  return { code: "document_too_large", detail: `a document has at most ${limits.textUnits} UTF-16 units` };
}
