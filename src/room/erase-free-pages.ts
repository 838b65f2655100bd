/** Bytes that are written at least: SQLite's write-ahead log, too, begins anew after some 4 MB. */
const leastBytes = 8_388_608;

const blobBytes = 1_048_576;

/**
 * Overwrites what lies in pages that SQLite has freed, as far as that can be done from here (`PRAGMA secure_delete` and
 * `VACUUM` are not allowed): zeros are written until none of those pages can be left over, and taken away again. To be called in another turn than
 * the one that freed them, since SQLite uses a page that was freed in the same transaction with what is in it. Backups of the platform (point-in-time
 * recovery: 30 days) are out of reach.
 */
export async function eraseFreePages(storage: DurableObjectStorage): Promise<void> {
  const { sql } = storage;
  await storage.sync();
  const { peak } = sql.exec<{ peak: number }>("SELECT peak_bytes AS peak FROM room").one();
  sql.exec("CREATE TABLE zeros (part INTEGER PRIMARY KEY, zeros BLOB NOT NULL)");
  for (let left = Math.max(leastBytes, peak - sql.databaseSize); left > 0; left -= blobBytes) {
    sql.exec("INSERT INTO zeros (zeros) VALUES (zeroblob(?))", blobBytes);
    await storage.sync();
  }
  sql.exec("DROP TABLE zeros");
}
