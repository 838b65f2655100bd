import { setTimeout as sleep, setImmediate as turn } from "node:timers/promises";
import type { DocumentSession } from "../../src/client/document-session.ts";
import { compose, type Operation, OperationBuilder } from "../../src/ot/operation.ts";
import { AuthorView } from "./author-view.ts";
import { ReplayFailure } from "./failure.ts";
import type { Patch, Trace } from "./trace.ts";
import { watchSessions } from "./watch-sessions.ts";
import { Writer } from "./writer.ts";

export interface Typing {
  trace: Trace;
  /** One for each agent of the trace, all on one document that holds the trace's start. */
  sessions: readonly DocumentSession[];
  /** One more, that does not write. */
  observer: DocumentSession;
  /** When to type each edit, in milliseconds from the start; undefined: as fast as it goes. */
  schedule: Float64Array | undefined;
  /** Milliseconds that a session may be without a connection. */
  patience: number;
  /** Called with the number of edits that are acknowledged by now. */
  onProgress?: (acknowledged: number) => void;
}

export interface Typed {
  seconds: number;
  /** Submissions that were accepted. */
  operations: number;
  /** How often a session lost its connection. */
  interruptions: number;
  /** Edits of a concurrent trace that did not fit what their author sees here, and were cut to fit. */
  misfits: number;
  /** Milliseconds, for each edit. */
  untilAcknowledged: Float64Array;
  untilObserved: Float64Array;
}

/** Edits of one writer without an acknowledgement, at most: while the server is away nobody types on for minutes. */
const mostUnacknowledged = 1_000;

/**
 * Types a trace, every agent through its own session, and resolves when all sessions have everything.
 *
 * In the trace an author saw some edits of others; here more may have arrived, for the service waits for nobody. So an
 * edit is typed when those that its author had seen have arrived at his replica (its parents' versions; all that they
 * rest on has lower ones), and AuthorView leads its positions past what has arrived beyond. An edit that another
 * author's rests on ends its submission: his text would else have to hold half an operation.
 */
export async function typeTrace(typing: Typing): Promise<Typed> {
  const { trace, sessions, observer, schedule, patience, onProgress } = typing;
  const { edits, agents } = trace;
  const typedAt = new Float64Array(edits.length);
  const acknowledgedAt = new Float64Array(edits.length);
  const versions = new Int32Array(edits.length);
  /** By version: whose operation it is, and the last of its edits. */
  const owners: ({ agent: number; edit: number } | undefined)[] = [];
  const observedAt: number[] = [];
  let acknowledged = 0;
  let misfits = 0;

  // Of the edits that others rest on: their version, and what their author had seen, the newest edit of each agent.
  const awaited = new Map<number, PromiseWithResolvers<number>>();
  const histories = new Map<number, Int32Array>();
  for (const { agent, parents } of edits) {
    for (const parent of parents) {
      if (edits[parent]!.agent !== agent && !awaited.has(parent))
        awaited.set(parent, Promise.withResolvers());
    }
  }

  const observe = () => {
    const now = performance.now();
    while (observedAt.length <= observer.version) observedAt.push(now);
  };
  observe();
  const subscriptions = [observer.on("change", observe), observer.on("reset", observe)];

  let failed = false;
  const failure = Promise.withResolvers<never>();
  const fail = (cause: ReplayFailure) => {
    failed = true;
    failure.reject(cause);
  };
  const watch = watchSessions([...sessions, observer], patience, fail);
  const writers = sessions.map((session, agent) => {
    const writer = new Writer(session, (done, version) => {
      const now = performance.now();
      for (const edit of done) {
        acknowledgedAt[edit] = now;
        versions[edit] = version;
        awaited.get(edit)?.resolve(version);
      }
      owners[version] = { agent, edit: done.at(-1) ?? -1 };
      acknowledged += done.length;
      onProgress?.(acknowledged);
    });
    return writer;
  });

  const start = performance.now();
  try {
    await Promise.race([failure.promise, Promise.all(writers.map(typeAgent))]);
    const seconds = (performance.now() - start) / 1000;
    const newest = Math.max(...sessions.map(({ version }) => version));
    await Promise.race([
      failure.promise,
      Promise.all([...sessions, observer].map((session) => session.reached(newest))),
    ]);
    return {
      seconds,
      operations: writers.reduce((sum, { operations }) => sum + operations, 0),
      interruptions: watch.interruptions(),
      misfits,
      untilAcknowledged: acknowledgedAt.map((at, edit) => at - typedAt[edit]!),
      untilObserved: typedAt.map((at, edit) => Math.max(0, observedAt[versions[edit]!]! - at)),
    };
  } finally {
    watch.stop();
    for (const unsubscribe of subscriptions) unsubscribe();
  }

  async function typeAgent(writer: Writer, agent: number): Promise<void> {
    const { session } = writer;
    const view = new AuthorView(session.text);
    const seen = new Int32Array(agents).fill(-1);
    const hasSeen = (version: number) => {
      const owner = owners[version];
      return owner !== undefined && owner.edit <= seen[owner.agent]!;
    };
    session.on("change", ({ operation, remote }) => {
      if (remote) view.receive(operation, session.version);
    });
    session.on("reset", () => {
      const line =
        "After an interruption the service sent the whole text: where the trace's edits belong is lost.";
      fail(new ReplayFailure("server", line));
    });

    for (const [index, edit] of edits.entries()) {
      if (edit.agent !== agent) continue;
      if (failed) return;
      for (const parent of edit.parents) {
        if (edits[parent]!.agent === agent) continue;
        const version = await awaited.get(parent)!.promise;
        await session.reached(version);
        const history = histories.get(parent)!;
        for (const [other, newest] of history.entries()) seen[other] = Math.max(seen[other]!, newest);
        view.see(hasSeen);
      }
      if (schedule) await sleep(Math.max(0, start + schedule[index]! - performance.now()));
      const operation = type(view, edit.patches);
      seen[agent] = index;
      typedAt[index] = performance.now();
      writer.type(index, operation);
      if (awaited.has(index)) {
        histories.set(index, seen.slice());
        await session.saved();
      } else {
        // One turn of the event loop: what is in flight travels, what is typed meanwhile is composed.
        await turn();
        await writer.hasRoom(mostUnacknowledged);
      }
    }
    await session.saved();
  }

  function type(view: AuthorView, patches: readonly Patch[]): Operation {
    return patches
      .map(([position, deleted, inserted]) => {
        const from = Math.min(position, view.points);
        const length = Math.min(deleted, view.points - from);
        if (from < position || length < deleted) misfits += 1;
        return view.type([from, length, inserted]);
      })
      .reduce(compose, new OperationBuilder().build());
  }
}
