import { limits } from "../protocol/limits.ts";
import type { OperationLog } from "./operation-log.ts";
import type { Author, DocumentRoomApi, RoomResult } from "./room-api.ts";
import type { RoomRequests } from "./room-requests.ts";

/** A version that somebody gave a name; named `at`, milliseconds since the epoch. */
export interface NamedVersion {
  version: number;
  name: string;
  author: Author;
  at: number;
}

type Api = Pick<DocumentRoomApi, "nameVersion" | "namedVersions">;

const prefix = "version:";

/** In the order of versions. */
const keyOf = (version: number): string => prefix + String(version).padStart(16, "0");

/**
 * The names of versions, in the room's key–value store. They hold no history: with a version that is trimmed goes its name.
 */
export class NamedVersions implements Api {
  readonly #requests: RoomRequests;
  readonly #log: OperationLog;
  readonly #kv: Pick<SyncKvStorage, "put" | "delete" | "list">;

  constructor(parts: {
    requests: RoomRequests;
    log: OperationLog;
    kv: Pick<SyncKvStorage, "put" | "delete" | "list">;
  }) {
    this.#requests = parts.requests;
    this.#log = parts.log;
    this.#kv = parts.kv;
  }

  async nameVersion({
    version,
    name,
    author,
    at,
  }: Parameters<Api["nameVersion"]>[0]): ReturnType<Api["nameVersion"]> {
    const head = this.#requests.head();
    if (!head.ok) return head;
    if (name === null) {
      this.#kv.delete(keyOf(version));
      return { ok: true };
    }
    const { horizon } = this.#log;
    if (version > head.version) {
      return { ok: false, code: "base_ahead", detail: `the newest version is ${head.version}` };
    }
    if (version < horizon) {
      return { ok: false, code: "too_old", detail: `the oldest version that is kept is ${horizon}` };
    }
    for (const [key] of [...this.#kv.list({ prefix, end: keyOf(horizon) })]) this.#kv.delete(key);
    const others = [...this.#kv.list<NamedVersion>({ prefix })].filter(([key]) => key !== keyOf(version));
    if (others.length >= limits.namedVersions) {
      const detail = `a document has at most ${limits.namedVersions} named versions`;
      return { ok: false, code: "quota_exceeded", detail };
    }
    this.#kv.put(keyOf(version), { version, name, author, at } satisfies NamedVersion);
    return { ok: true };
  }

  /** All of them, for a bundle. */
  all(): NamedVersion[] {
    return [...this.#kv.list<NamedVersion>({ prefix })].map(([, named]) => named);
  }

  /** These in the place of all. */
  replaceAll(names: readonly NamedVersion[]): void {
    for (const [key] of [...this.#kv.list({ prefix })]) this.#kv.delete(key);
    for (const { version, name, author, at } of names) {
      this.#kv.put(keyOf(version), { version, name, author, at } satisfies NamedVersion);
    }
  }

  async namedVersions({
    before,
    limit,
  }: Parameters<Api["namedVersions"]>[0]): Promise<RoomResult<{ named: NamedVersion[] }>> {
    const head = this.#requests.head();
    if (!head.ok) return head;
    const start = keyOf(this.#log.horizon);
    const end = keyOf(Math.max(this.#log.horizon, before ?? head.version + 1));
    if (start === end) return { ok: true, named: [] };
    const found = this.#kv.list<NamedVersion>({ start, end, reverse: true, limit });
    return { ok: true, named: [...found].map(([, named]) => named) };
  }
}
