import { lengthChange, type Operation } from "../ot/operation.ts";
import { pieces } from "../ot/split.ts";
import { longForm } from "../protocol/frame-form.ts";
import { limits } from "../protocol/limits.ts";
import type { ActorInfo } from "../protocol/server-frames.ts";
import { attendeesOf, audienceOf } from "./attendees.ts";
import { notStored } from "./batch.ts";
import { contentChange, leastChange } from "./content-change.ts";
import type { FanoutSource } from "./fanout-api.ts";
import type { LoadedRoom } from "./loaded-room.ts";
import type { Actor } from "./operation-log.ts";
import type { Session } from "./peer.ts";
import { planRedaction, pointAt } from "./redaction.ts";
import { contentFault, noSuchDocument, refusalOf, storageFull } from "./refusals.ts";
import type {
  AcceptedOperations,
  Attendance,
  Author,
  DocumentRoomApi,
  Edit,
  RoomResult,
  Submission,
} from "./room-api.ts";
import type { RoomPorts } from "./room-ports.ts";
import { actorInfo } from "./welcome.ts";

type ContentChange = Parameters<DocumentRoomApi["replaceContent"]>[0];

type SubmitResult = Awaited<ReturnType<DocumentRoomApi["submit"]>>;

/** What requests need of their room. */
export interface RoomAccess extends Pick<RoomPorts, "log" | "now" | "report"> {
  /** Commits what was accepted. If that fails, memory is dropped. */
  flush(): void;
  /** The room in memory; undefined if it was never created. */
  load(): LoadedRoom | undefined;
  /** Whether this is the room in memory still. */
  isCurrent(room: LoadedRoom): boolean;
  dropMemory(): void;
  /** Closes every subscriber's socket with 4503: what they have is of a room that is no more. */
  restart(reason: string): void;
  /** Sessions of those who are here. */
  present(): Session[];
}

/**
 * What the Worker and fan-outs ask of a room by RPC. A request sees what is committed, and its changes take their place
 * in the one version line (law RM-1).
 */
export class RoomRequests {
  readonly #room: RoomAccess;

  constructor(room: RoomAccess) {
    this.#room = room;
  }

  create(initial: Parameters<DocumentRoomApi["create"]>[0]): RoomResult<{ version: number }> {
    return this.#guard(() => {
      const existing = this.#room.load();
      // At version 0 its text may be still to come: storing it failed, and it is asked for again.
      if (existing && existing.authority.version > 0)
        return { ok: true, version: existing.authority.version };
      const fault = contentFault(initial.content);
      if (fault) return { ok: false, ...fault };
      if (!existing) this.#room.log.create(this.#room.now());
      // There is nothing to load, nor to write.
      if (initial.content === "") return { ok: true, version: 0 };
      return this.#replaceContent(initial, contentChange);
    });
  }

  read(): RoomResult<{ version: number; content: string }> {
    return this.#guard(() => this.#read());
  }

  /** The committed version, and who the actors of the log are. */
  head(): RoomResult<{ version: number; authorOf: (actor: number) => Author; actors: Actor[] }> {
    return this.#withRoom((room) => {
      const { authority, actors } = room;
      return {
        ok: true,
        version: authority.version,
        authorOf: (actor) => authorIn(room, actor),
        // What a log bears is stored; other numbers may yet be given to somebody else.
        actors: actors.all.filter((actor) => actors.isStored(actor)),
      };
    });
  }

  readUnless(
    known: Parameters<DocumentRoomApi["readUnless"]>[0],
  ): Awaited<ReturnType<DocumentRoomApi["readUnless"]>> {
    return this.#withRoom(({ authority, epoch }) => {
      const { version, text } = authority;
      const hash = text.hash();
      const isKnown = known.some(
        (one) => one.version === version && (one.epoch ?? epoch) === epoch && (one.hash ?? hash) === hash,
      );
      return { ok: true, version, epoch, hash, content: isKnown ? undefined : text.toString() };
    });
  }

  edit({ author, base, operation, ifNewest }: Edit): RoomResult<{ version: number; moved: boolean }> {
    return this.#withRoom((room) => {
      const { version, text, horizon } = room.authority;
      if (ifNewest && base !== version) return atAnotherVersion(version);
      if (base > version) return { ok: false, ...ahead(version) };
      const moved = room.authority.rebase(operation, base);
      if (!moved) return { ok: false, ...refusalOf({ kind: "too_old", horizon }) };
      const misfit = text.check(moved);
      if (misfit) return { ok: false, code: misfit, detail: `the edit does not fit version ${base}` };
      if (text.length + lengthChange(moved) > limits.textUnits) {
        const detail = `a document has at most ${limits.textUnits} UTF-16 units`;
        return { ok: false, code: "document_too_large", detail };
      }
      if (moved.length > 0 && this.#room.log.isFull) return { ok: false, ...storageFull };
      const { insertUnits, operationParts: parts } = limits;
      const changed = this.#change(room, author, pieces(moved, { insertUnits, parts }));
      return changed.ok ? { ...changed, moved: base !== version } : changed;
    });
  }

  submit({ author, clientId, seq, base, operation }: Submission): SubmitResult {
    return this.#withRoom((room): SubmitResult => {
      const writer = { clientId, userId: author.userId, kind: author.kind };
      const isNew = !room.actors.find(writer);
      const actor = room.actors.intern(writer);
      const full = this.#room.log.isFull && seq >= room.nextSeq(actor);
      const verdict = full ? undefined : room.accept(actor, seq, base, operation, this.#room.now());
      if (verdict?.kind === "accepted") {
        this.#room.flush();
        if (!this.#room.isCurrent(room)) return { ok: false, ...notStored };
      } else if (verdict?.kind !== "duplicate") {
        if (isNew) room.actors.forget(actor);
        return { ok: false, ...(verdict ? refusalOf(verdict) : storageFull) };
      }
      return { ok: true, version: verdict.version, actor: actor.actor };
    });
  }

  operations({ since, limit }: { since: number; limit: number }): RoomResult<AcceptedOperations> {
    return this.#withRoom(({ authority, actors, epoch }): RoomResult<AcceptedOperations> => {
      const { version, horizon } = authority;
      if (since > version) return { ok: false, ...ahead(version) };
      if (since < horizon) return { ok: false, ...refusalOf({ kind: "too_old", horizon }) };
      const items: AcceptedOperations["items"] = [];
      const writers = new Map<number, ActorInfo>();
      let units = 0;
      for (const { operation, actor, seq } of authority.after(since)) {
        const item = { op: operation, actor, seq };
        units += JSON.stringify(item).length;
        if (items.length === limit || (items.length > 0 && units > limits.frameUnits)) break;
        items.push(item);
        const writer = writers.has(actor) ? undefined : actors.get(actor);
        if (writer) writers.set(actor, actorInfo(writer));
      }
      return { ok: true, from: since + 1, items, actors: [...writers.values()], version, epoch, horizon };
    });
  }

  replaceContent(change: ContentChange): RoomResult<{ version: number }> {
    return this.#guard(() => this.#replaceContent(change, contentChange));
  }

  attendees(): RoomResult<Attendance> {
    return this.#guard((): RoomResult<Attendance> => {
      if (!this.#room.load()) return { ok: false, ...noSuchDocument };
      const present = this.#room.present();
      return { ok: true, attendees: attendeesOf(present), audience: audienceOf(present) };
    });
  }

  recall(
    ...[writer, since]: Parameters<FanoutSource["recall"]>
  ): Awaited<ReturnType<FanoutSource["recall"]>> {
    return this.#withRoom(({ authority, actors }): Awaited<ReturnType<FanoutSource["recall"]>> => {
      const actor = actors.find(writer)?.actor ?? 0;
      const reached = since !== undefined && since >= authority.horizon && since <= authority.version;
      return {
        ok: true,
        actor,
        lastSeq: authority.lastOf(actor)?.seq ?? 0,
        ...(reached && {
          items: authority
            .since(since)
            .map((entry) => longForm.item(JSON.stringify(entry.operation), entry.actor, entry.seq)),
        }),
      };
    });
  }

  #read(): RoomResult<{ version: number; content: string }> {
    this.#room.flush();
    const room = this.#room.load();
    if (!room) return { ok: false, ...noSuchDocument };
    return { ok: true, version: room.authority.version, content: room.authority.text.toString() };
  }

  #replaceContent(
    { content, author, ifVersion }: ContentChange,
    change: typeof contentChange,
  ): RoomResult<{ version: number }> {
    const before = this.#read();
    const room = this.#room.load();
    if (!before.ok || !room) return before;
    if (ifVersion !== undefined && ifVersion !== before.version) return atAnotherVersion(before.version);
    const fault = contentFault(content);
    if (fault) return { ok: false, ...fault };
    const operations = change(before.content, content);
    if (operations.length > 0 && this.#room.log.isFull) return { ok: false, ...storageFull };
    return this.#change(room, author, operations);
  }

  /** Makes the text another one by as little as it takes: what stays keeps its place, for those who are typing. */
  turnInto(change: ContentChange): RoomResult<{ version: number }> {
    return this.#guard(() => this.#replaceContent(change, leastChange));
  }

  /** Operations that the room itself made of a request, one after the other. */
  #change(
    room: LoadedRoom,
    author: Author,
    operations: readonly Operation[],
  ): RoomResult<{ version: number }> {
    if (operations.length === 0) return { ok: true, version: room.authority.version };
    const actor = room.actors.intern({ clientId: null, userId: author.userId, kind: author.kind });
    for (const operation of operations) {
      const { version } = room.authority;
      const verdict = room.accept(actor, room.nextSeq(actor), version, operation, this.#room.now());
      if (verdict.kind !== "accepted") throw new Error(`the room refused its own operation: ${verdict.kind}`);
    }
    const { version } = room.authority;
    this.#room.flush();
    if (!this.#room.isCurrent(room)) return { ok: false, ...notStored };
    return { ok: true, version };
  }

  /**
   * Takes a span of text out of the document and all of its history (`redaction.ts`). Who has it on their screen gets
   * ordinary operations, committed first: a crash before the rewriting leaves something that can be asked for again.
   */
  redact({ span, author }: Parameters<DocumentRoomApi["redact"]>[0]): RoomResult<{ version: number }> {
    return this.#guard(() => {
      const before = this.#read();
      const room = this.#room.load();
      if (!before.ok || !room) return before;
      const { log } = this.#room;
      const planned = planRedaction(log, { version: before.version, text: before.content }, span);
      if (!planned.ok) return planned;
      const { visible, text, rewriting } = planned.redaction;
      const changed = this.#change(room, author, visible);
      if (!changed.ok) return changed;
      const { version } = changed;
      const points = [...rewriting.points.filter((point) => point.version < version), pointAt(version, text)];
      log.rewrite({
        ...rewriting,
        points,
        snapshot: { version, text, lastByActor: room.authority.lastByActor },
      });
      // It holds the old history.
      this.#room.dropMemory();
      return { ok: true, version };
    });
  }

  /**
   * Storage was put back to an older state. What clients know of it is of another epoch from now on: they come back, get
   * the text, and merge what they have not saved (law OT-7).
   */
  replaceEpoch(): RoomResult<{ version: number; epoch: string }> {
    return this.#guard((): RoomResult<{ version: number; epoch: string }> => {
      const before = this.#read();
      if (!before.ok) return before;
      this.#room.log.replaceEpoch();
      this.#room.dropMemory();
      this.#room.restart("the document was put back to an older state");
      return this.#withRoom(({ authority, epoch }) => ({ ok: true, version: authority.version, epoch }));
    });
  }

  /** Storage holds another life of the document, under another epoch: as above. */
  lifeReplaced(): RoomResult<{ version: number; epoch: string }> {
    return this.#guard((): RoomResult<{ version: number; epoch: string }> => {
      this.#room.log.replaced();
      this.#room.dropMemory();
      this.#room.restart("the document was put back from a backup");
      const room = this.#room.load();
      if (!room) return { ok: false, ...noSuchDocument };
      return { ok: true, version: room.authority.version, epoch: room.epoch };
    });
  }

  /** Asks the room as it is after everything that was accepted is committed (law RM-2). */
  #withRoom<T>(ask: (room: LoadedRoom) => RoomResult<T>): RoomResult<T> {
    return this.#guard(() => {
      this.#room.flush();
      const room = this.#room.load();
      return room ? ask(room) : { ok: false, ...noSuchDocument };
    });
  }

  /** A room that cannot be read serves nothing (law RM-8). */
  #guard<T>(ask: () => RoomResult<T>): RoomResult<T> {
    try {
      return ask();
    } catch (error) {
      this.#room.report(error);
      this.#room.dropMemory();
      return { ok: false, code: "unavailable", detail: "the document's room cannot answer now" };
    }
  }
}

function authorIn({ actors }: LoadedRoom, number: number): Author {
  const actor = actors.get(number);
  if (!actor) throw new Error(`the log has an actor ${number} whom nobody knows`);
  return { userId: actor.userId, kind: actor.kind };
}

const atAnotherVersion = (version: number) =>
  ({ ok: false, code: "precondition_failed", detail: `the document is at version ${version}` }) as const;

const ahead = (version: number) =>
  ({ code: "base_ahead", detail: `the newest version is ${version}` }) as const;
