import { Text } from "../ot/text.ts";
import { errorFields, log } from "../platform/log.ts";
import { limits } from "../protocol/limits.ts";
import type { DocumentRoomApi, LifeRecord, OperationRecord } from "../room/room-api.ts";
import {
  type BundleHead,
  encodeActor,
  encodeEnd,
  encodeFailure,
  encodeHead,
  encodeOperation,
  type WrittenOperation,
} from "../time-travel/bundle.ts";

/** What a bundle says of an operation; `originsFrom`: up to there it is not known how they came to be. */
export function bundled(
  { transforms = 0, ...record }: OperationRecord,
  originsFrom: number,
): WrittenOperation {
  const isKnown = record.version > originsFrom;
  return { ...record, ...(isKnown && { base: record.version - 1 - transforms }) };
}

/**
 * A document's life as a bundle (docs/time-travel.md), page by page as it is read: neither the Worker nor the room holds more
 * than one. If the room cannot go on, or its history is rewritten meanwhile, the last line says so.
 */
export function lifeBundle(
  room: DocumentRoomApi,
  {
    life,
    ...about
  }: {
    life: LifeRecord & Pick<BundleHead, "names">;
    documentId: string;
    software: string;
    exportedAt: string;
  },
  requestId: string,
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  const introduced = new Set<number>();
  let since = life.horizon;
  let hash: number | undefined = Text.from(life.text).hash();
  const head = { ...about, ...life, servedHash: life.hash, isAnonymized: false };
  let text = encodeHead(head);
  const page = async (): Promise<boolean> => {
    const read = await room.records({
      since,
      limit: Math.min(limits.tracedOperations, life.version - since),
      ...(hash !== undefined && { hash }),
    });
    if (!read.ok) {
      text += encodeFailure(read.code, read.detail);
      return false;
    }
    for (const actor of read.actors) if (!introduced.has(actor.actor)) text += encodeActor(actor);
    for (const { actor } of read.actors) introduced.add(actor);
    for (const record of read.records) text += encodeOperation(bundled(record, life.originsFrom));
    since += read.records.length;
    hash = read.records.at(-1)?.hash;
    return true;
  };
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      let goesOn = true;
      try {
        if (since < life.version) goesOn = await page();
      } catch (error) {
        log("error", "export_failed", { request_id: requestId, ...errorFields(error) });
        text += encodeFailure("unavailable", "the room cannot answer now");
        goesOn = false;
      }
      if (goesOn && since === life.version) text += encodeEnd(since);
      controller.enqueue(encoder.encode(text));
      text = "";
      if (!goesOn || since === life.version) controller.close();
    },
  });
}
