import { limits } from "../protocol/limits.ts";
import type { DocumentRoomApi, IncomingLifeApi, RoomResult } from "../room/room-api.ts";
import type { BundleHead } from "../time-travel/bundle.ts";
import { BundleError, BundleReader } from "../time-travel/bundle-reader.ts";

/**
 * Brings a bundle into a room as it arrives, some operations at a time. A bundle of another document, without its words, or one that
 * is cut off is refused, and so is what the room finds not to be sound; the room is as it was then.
 */
export async function receiveLife(
  room: DocumentRoomApi,
  body: ReadableStream<Uint8Array> | null,
  { documentId, ifAbsent }: { documentId: string; ifAbsent: boolean },
): Promise<RoomResult<{ version: number; epoch: string }>> {
  const reader = new BundleReader();
  // What is no UTF-8 becomes other text, and fits no hash.
  const decoder = new TextDecoder("utf-8", { fatal: false, ignoreBOM: true });
  let incoming: IncomingLifeApi | undefined;
  /** Hands on what was read. Answers a refusal. */
  const handOn = async (): Promise<RoomResult<object>> => {
    const { head, actors, operations } = reader.take();
    if (!head) return { ok: true };
    if (!incoming) {
      if (head.isAnonymized || head.documentId !== documentId) return notThisOne(head);
      const { horizon, text, version, originsFrom, points } = head;
      const begun = await room.putBack({
        life: { horizon, text, version, originsFrom, points: [...points] },
        ifAbsent,
      });
      if (!begun.ok) return begun;
      incoming = begun.incoming;
    }
    return incoming.append({
      actors,
      records: operations.map(({ base, ...made }) => ({
        ...made,
        ...(base !== undefined && { transforms: made.version - 1 - base }),
      })),
    });
  };
  try {
    let units = 0;
    for await (const chunk of body ?? []) {
      const text = decoder.decode(chunk, { stream: true });
      reader.push(text);
      units += text.length;
      if (units < limits.frameUnits) continue;
      units = 0;
      const handed = await handOn();
      if (!handed.ok) return handed;
    }
    reader.push(decoder.decode());
    const { head } = reader.end();
    const handed = await handOn();
    if (!handed.ok || !incoming)
      return handed.ok ? { ok: false, code: "invalid_operation", detail: "This is no bundle." } : handed;
    const { servedHash: hash, names = [] } = head;
    return await incoming.finish({ names: [...names], ...(hash !== undefined && { hash }) });
  } catch (error) {
    if (!(error instanceof BundleError)) throw error;
    return { ok: false, code: "invalid_operation", detail: error.message };
  }
}

const notThisOne = ({ documentId, isAnonymized }: BundleHead) =>
  ({
    ok: false,
    code: "invalid_operation",
    detail: isAnonymized
      ? "The bundle is without its words."
      : `The bundle is of the document ${documentId}.`,
  }) as const;
