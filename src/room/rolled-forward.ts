import { chunksOf } from "../ot/chunk-hashes.ts";
import { Text } from "../ot/text.ts";
import type { LastSubmission, StoredRoom } from "./operation-log.ts";

/** What a stored room comes to: its snapshot, and the operations after it one by one. */
export function rolledForward({
  snapshot,
  tail,
  lastByActor: saved,
}: Pick<StoredRoom, "snapshot" | "tail" | "lastByActor">): {
  version: number;
  text: Text;
  lastByActor: Map<number, LastSubmission>;
} {
  const { chunkHashes } = snapshot;
  const text = Text.from(snapshot.text, chunkHashes && chunksOf(snapshot.text, chunkHashes));
  const lastByActor = new Map(saved);
  let { version } = snapshot;
  for (const { actor, seq, operation } of tail) {
    text.apply(operation);
    version += 1;
    lastByActor.set(actor, { seq, version });
  }
  return { version, text, lastByActor };
}
