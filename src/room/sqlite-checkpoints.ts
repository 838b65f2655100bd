import type { Checkpoint, CheckpointKind } from "./operation-log.ts";
import { pack, splitText, unpack } from "./stored-text.ts";

export function readCheckpoint(
  sql: SqlStorage,
  kind: CheckpointKind,
  atMost: number,
): Checkpoint | undefined {
  const parts = sql
    .exec<{ version: number; packed: ArrayBuffer }>(
      `SELECT version, packed FROM checkpoints WHERE kind = ?1 AND version =
        (SELECT max(version) FROM checkpoints WHERE kind = ?1 AND version <= ?2) ORDER BY part`,
      kind,
      atMost,
    )
    .toArray();
  const [first] = parts;
  return (
    first && {
      version: first.version,
      value: parts.map(({ packed }) => unpack(new Uint8Array(packed))).join(""),
    }
  );
}

export function writeCheckpoint(sql: SqlStorage, kind: CheckpointKind, { version, value }: Checkpoint): void {
  sql.exec("DELETE FROM checkpoints WHERE kind = ? AND version = ?", kind, version);
  // An empty text, too, is a part.
  for (const [part, text] of (value === "" ? [""] : splitText(value)).entries()) {
    sql.exec("INSERT INTO checkpoints VALUES (?, ?, ?, ?)", kind, version, part, pack(text));
  }
}
