import type { DivergenceReports } from "./divergence.ts";
import { IncomingLife } from "./incoming-life.ts";
import type { NamedVersions } from "./named-versions.ts";
import type { DocumentRoomApi } from "./room-api.ts";
import type { RoomRequests } from "./room-requests.ts";
import type { SqlStorageSlice } from "./sqlite-schema.ts";

type Api = Pick<DocumentRoomApi, "putBack" | "rewind" | "replaceEpoch">;

/** Days of which the platform keeps every moment of an object's storage. */
const keptDays = 30;

export interface OtherStatesPorts {
  requests: Pick<RoomRequests, "head" | "lifeReplaced" | "replaceEpoch">;
  storage: SqlStorageSlice &
    Pick<DurableObjectStorage, "getBookmarkForTime" | "onNextSessionRestoreBookmark">;
  names: Pick<NamedVersions, "replaceAll">;
  divergences: Pick<DivergenceReports, "clear">;
  now(): number;
  /** The document is another one: fan-outs begin anew, and the world outside is told. */
  replaced(): Promise<void>;
  /** Ends the object once the answer is out. */
  restart(): void;
}

/** A room that becomes what it was elsewhere or before: from a bundle, or by the platform's own recovery. Each time under another epoch. */
export class OtherStates implements Api {
  readonly #ports: OtherStatesPorts;
  /** The newest life that is being put back. */
  #incoming: IncomingLife | undefined;
  #isEnding = false;

  constructor(ports: OtherStatesPorts) {
    this.#ports = ports;
  }

  async putBack({ life, ifAbsent }: Parameters<Api["putBack"]>[0]): ReturnType<Api["putBack"]> {
    const { requests, storage, names: namedVersions, divergences, now } = this.#ports;
    const present = requests.head();
    if (!present.ok && present.code !== "not_found") return present;
    if (present.ok && ifAbsent) {
      const detail = `the document is there, at version ${present.version}`;
      return { ok: false, code: "precondition_failed", detail };
    }
    const incoming: IncomingLife = new IncomingLife(life, {
      isCurrent: () => this.#incoming === incoming,
      storage,
      now,
      placed: (names) => {
        namedVersions.replaceAll(names);
        divergences.clear();
      },
      done: async () => {
        this.#incoming = undefined;
        const replaced = requests.lifeReplaced();
        await this.#ports.replaced();
        return replaced;
      },
    });
    this.#incoming = incoming;
    return { ok: true, incoming };
  }

  /** https://developers.cloudflare.com/durable-objects/api/sqlite-storage-api/#pitr-point-in-time-recovery-api */
  async rewind(at: number): ReturnType<Api["rewind"]> {
    const { storage, now, restart } = this.#ports;
    const ago = now() - at;
    if (ago < 0 || ago > keptDays * 24 * 3_600_000) {
      return {
        ok: false,
        code: "invalid_request",
        detail: `at must be a moment of the last ${keptDays} days`,
      };
    }
    let before: string;
    try {
      before = await storage.onNextSessionRestoreBookmark(await storage.getBookmarkForTime(at));
    } catch {
      const detail = "This platform keeps no earlier states of a room: put it back from a bundle.";
      return { ok: false, code: "not_configured", detail };
    }
    this.#isEnding = true;
    restart();
    return { ok: true, before };
  }

  async replaceEpoch(): ReturnType<Api["replaceEpoch"]> {
    // It would be written into the storage that is about to go.
    if (this.#isEnding) throw new Error("the object has not started again yet");
    const replaced = this.#ports.requests.replaceEpoch();
    if (replaced.ok) await this.#ports.replaced();
    return replaced;
  }
}
