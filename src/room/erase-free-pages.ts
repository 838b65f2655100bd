/** Bytes that are written at least: SQLite's write-ahead log, too, begins anew after some 4 MB. */
const leastBytes = 8_388_608;

const blobBytes = 1_048_576;

/**
 * Overwrites what lies in pages that SQLite has freed, as far as that can be done from here (`PRAGMA secure_delete` and
 * `VACUUM` are not allowed): zeros are written until none of those pages can be left over, and taken away again. Backups
 * of the platform (point-in-time recovery: 30 days) are out of reach.
 */
export async function eraseFreePages(storage: DurableObjectStorage): Promise<void> {
  const { sql } = storage;
  const { peak } = sql.exec<{ peak: number }>("SELECT peak_bytes AS peak FROM room").one();
  const bytes = Math.max(leastBytes, peak - sql.databaseSize);
  sql.exec("DROP TABLE IF EXISTS zeros");
  // Three times. A page that listed other free pages is used with what is left in it, and may become one that is not filled
  // (a root); then it is freed as one among others, and such a page is cleared when it is used in a later transaction. And
  // what the second round wrote is in the write-ahead log until the third makes SQLite write it back.
  for (let round = 0; round < 3; round++) {
    await storage.sync();
    sql.exec("CREATE TABLE zeros (part INTEGER PRIMARY KEY, zeros BLOB NOT NULL)");
    for (let left = bytes; left > 0; left -= blobBytes) {
      sql.exec("INSERT INTO zeros (zeros) VALUES (zeroblob(?))", blobBytes);
      await storage.sync();
    }
    sql.exec("DROP TABLE zeros");
  }
}
