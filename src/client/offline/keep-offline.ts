import type { DocumentSession } from "../document-session.ts";
import type { Offline, OfflineHost } from "../session/persistence.ts";
import { KeptEdits, readKept } from "./kept-edits.ts";
import type { OutboxStore } from "./outbox-store.ts";

/** Holds a name until `release`; undefined if somebody else does. Whoever dies holds nothing any more. */
export type TryLock = (name: string) => Promise<(() => void) | undefined>;

/**
 * Unsaved edits outlive the page: the next session that opens the document takes them over, and sends what had not
 * arrived, once (law CL-2).
 *
 * Every session writes under a client id of its own, several tabs beside each other; that it lives is a lock that it holds,
 * which the browser takes from the dead. There is no leader among tabs: one that has died, or sleeps in the background,
 * could not lead, and what is typed in a tab would have to go through another to be safe.
 */
export function keepOffline(
  store: OutboxStore,
  { tryLock = lockByBrowser }: { tryLock?: TryLock } = {},
): Offline {
  return { start: (host) => void begin(host, store, tryLock) };
}

async function begin(host: OfflineHost, store: OutboxStore, tryLock: TryLock): Promise<void> {
  // Where nothing can be kept, the session goes on without.
  const claim = await claimOf(host.documentId, store, tryLock).catch(() => undefined);
  if (host.isEnded()) {
    for (const each of claim ? [claim.own, ...claim.orphans] : []) each.close();
    return;
  }
  host.begin(claim?.own);
  let sessions: readonly DocumentSession[] = (claim?.orphans ?? []).map((kept) => host.another(kept));
  for (const session of sessions) {
    session.on("status", ({ kind }) => {
      if (kind === "saved") {
        sessions = sessions.filter((each) => each !== session);
        session.close();
      }
      host.orphans(sessions);
    });
  }
  host.orphans(sessions);
}

/** What earlier sessions have left of a document, each for whoever has its lock; or a place of one's own. */
async function claimOf(
  documentId: string,
  store: OutboxStore,
  tryLock: TryLock,
): Promise<{ own: KeptEdits; orphans: readonly KeptEdits[] }> {
  const root = `${documentId}/`;
  const ids = new Set((await store.read(root)).map(([key]) => key.slice(root.length).split("/")[0]!));
  const claimed: KeptEdits[] = [];
  for (const id of ids) {
    const prefix = `${root}${id}/`;
    const release = await tryLock(`materi ${prefix}`);
    if (!release) continue;
    // Whoever held it may have saved it all since.
    const kept = await readKept(store, prefix);
    if (kept) claimed.push(new KeptEdits(store, prefix, kept, release));
    else release();
  }
  const [first, ...orphans] = claimed;
  if (first) return { own: first, orphans };
  const prefix = `${root}${crypto.randomUUID()}/`;
  const release = await tryLock(`materi ${prefix}`);
  return { own: new KeptEdits(store, prefix, undefined, release ?? (() => {})), orphans };
}

interface Locks {
  request<T>(name: string, options: { ifAvailable: true }, act: (lock: unknown) => T): Promise<T>;
}

/** Names held in this process, where there is no browser to ask. */
const held = new Set<string>();

const lockByBrowser: TryLock = (name) => {
  const { locks } = (globalThis as { navigator?: { locks?: Locks } }).navigator ?? {};
  return new Promise((resolve, reject) => {
    if (locks) {
      const hold = (lock: unknown) =>
        lock ? new Promise<void>((release) => resolve(release)) : resolve(undefined);
      locks.request(name, { ifAvailable: true }, hold).catch(reject);
    } else if (held.has(name)) {
      resolve(undefined);
    } else {
      held.add(name);
      resolve(() => held.delete(name));
    }
  });
};
