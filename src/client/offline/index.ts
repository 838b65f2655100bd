// Edits that outlive the page: `materi/offline`.
export type { Offline } from "../session/persistence.ts";
export { guardUnload } from "./guard-unload.ts";
export { IndexedDbOutboxStore } from "./indexed-db-store.ts";
export { keepOffline } from "./keep-offline.ts";
export { MemoryOutboxStore, type OutboxStore } from "./outbox-store.ts";
