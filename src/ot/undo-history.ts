import { type Operation, OperationBuilder } from "./operation.ts";
import { destinations, origins } from "./range-mapping.ts";
import type { Text } from "./text.ts";
import { append, followLayer, type Group, isPending, type Layer, type Run, slice } from "./undo-run.ts";

/** How much can be taken back: edits (groups), and runs of text that they are remembered by. The oldest is forgotten first. */
export const undoLimits = { groups: 200, runs: 5_000 } as const;

/** Where a new edit goes, and the buffer that it is composed onto (`[]` if there is none). */
export interface Base {
  readonly layer: Layer;
  readonly buffer: Operation;
}

/**
 * What one author can take back, whatever others did meanwhile. It follows characters, not operations: a list of runs
 * beside the text remembers which characters an own edit inserted, and keeps, at their place, those that one deleted.
 * So an undo finds its characters wherever they are now (OT-6):
 *
 * - it deletes no character that another inserted, and restores none that another's received operation deleted;
 * - undo of everything = the text before, redo of everything = the text after, where nobody else edited;
 * - a new edit forgets what was undone.
 *
 * (Transforming a stack of inverse operations would restore what both sides had deleted at once: the inverse does not know
 * which of its characters are another's deletion too.)
 */
export class UndoHistory {
  /** From the beginning of the text; past the last run nothing is remembered. */
  #runs: Run[] = [];
  readonly #done: Group[] = [];
  readonly #undone: Group[] = [];
  #isOpen = false;
  /** Whether any run is: most of the time none is, and nothing has to follow. */
  #isPending = false;

  get canUndo(): boolean {
    return this.#done.length > 0;
  }

  get canRedo(): boolean {
    return this.#undone.length > 0;
  }

  /** Ends the group: the next edit begins a new one. */
  closeGroup(): void {
    this.#isOpen = false;
  }

  /** An own edit, about to be applied to `text`, which it fits. */
  edited(operation: Operation, text: Text, base: Base): void {
    this.#forgetUndone();
    const inserter = this.#openGroup();
    this.#rewrite(operation, {
      inserted: (units) => ({ units, inserter }),
      deleted: (run, position) =>
        run.inserter === inserter ? [] : this.#hide({ ...run, deleter: inserter }, position, text, base),
    });
    this.#forgetOldest();
  }

  /**
   * Another's operation: `local` as it changes the text, and as it came to the in-flight operation and to the buffer
   * (for what is not there, anything).
   */
  received(local: Operation, over: Record<Layer, Operation>): void {
    if (this.#isPending) {
      const runs: Run[] = [];
      for (const run of this.#runs) {
        for (const piece of followLayer(run, "in_flight", over.in_flight)) {
          for (const rest of followLayer(piece, "buffer", over.buffer)) append(runs, rest);
        }
      }
      this.#runs = runs;
    }
    if (this.#runs.length > 0) {
      this.#rewrite(local, { inserted: (units) => ({ units }), deleted: () => [] });
    }
  }

  /** What was in flight is the server's text now; what waits in the buffer leaves. */
  acknowledged(): void {
    if (!this.#isPending) return;
    this.#keep(
      () => true,
      (run) => (isPending(run) ? { ...run, in_flight: run.buffer, buffer: undefined } : run),
    );
    this.#isPending = this.#runs.some(isPending);
  }

  /** The operation in flight was refused and `local` takes it out of the text, `overBuffer` from below the buffer. */
  rejected(local: Operation, overBuffer: Operation): void {
    this.#keep(
      (run) => run.hidden === undefined || run.in_flight === undefined,
      (run) => (isPending(run) ? { ...run, in_flight: undefined } : run),
    );
    this.received(local, { in_flight: overBuffer, buffer: overBuffer });
    this.acknowledged();
  }

  /** The operation in flight was cut: `first` of it is in flight, and what the rest deletes waits in the buffer. */
  divided(first: Operation): void {
    if (!this.#isPending) return;
    this.#runs = this.#runs.flatMap((run) => {
      const { in_flight } = run;
      if (in_flight === undefined) return [run];
      return [...destinations(in_flight, run.units, first)].map(({ offset, units, at }) => {
        const piece = slice(run, offset, units);
        return at === undefined ? piece : { ...piece, in_flight: undefined, buffer: at };
      });
    });
  }

  /** The buffer was composed onto `inFlight`, and the two are one operation. */
  flattened(inFlight: Operation): void {
    this.#runs = this.#runs.flatMap((run) => {
      if (run.buffer === undefined) return [run];
      return [...origins(run.buffer, run.units, inFlight)].map(({ offset, units, at }) => {
        const piece = slice(run, offset, units);
        return { ...piece, in_flight: at ?? piece.in_flight, buffer: undefined };
      });
    });
  }

  /**
   * The operation that takes the newest group back, to be applied as an own edit; groups of which nothing is left to
   * take back are passed over. Null if there is none.
   */
  undo(text: Text, base: Base): Operation | null {
    return this.#toggle(this.#done, this.#undone, text, base);
  }

  /** The operation that does again what the last undo took back; null if there is none. */
  redo(text: Text, base: Base): Operation | null {
    return this.#toggle(this.#undone, this.#done, text, base);
  }

  #toggle(from: Group[], to: Group[], text: Text, base: Base): Operation | null {
    this.closeGroup();
    for (let group = from.pop(); group; group = from.pop()) {
      to.push(group);
      group.undone = !group.undone;
      const operation = this.#show(text, base);
      if (operation.length > 0) return operation;
    }
    return null;
  }

  /** Brings the runs to what the groups say, and returns the operation that does so to the text. */
  #show(text: Text, base: Base): Operation {
    const builder = new OperationBuilder();
    const runs: Run[] = [];
    let position = 0;
    for (const run of this.#runs) {
      const { units, inserter, deleter, hidden } = run;
      const isVisible = !inserter?.undone && (!deleter || deleter.undone);
      if (hidden !== undefined) {
        if (isVisible) builder.insert(hidden);
        append(runs, isVisible ? { ...run, hidden: undefined } : run);
        continue;
      }
      if (isVisible) {
        builder.retain(units);
        append(runs, run);
      } else {
        builder.delete(units);
        for (const piece of this.#hide(run, position, text, base)) append(runs, piece);
      }
      position += units;
    }
    this.#runs = runs;
    return builder.build();
  }

  #openGroup(): Group {
    const open = this.#done.at(-1);
    if (this.#isOpen && open) return open;
    const group: Group = { undone: false };
    this.#done.push(group);
    this.#isOpen = true;
    return group;
  }

  #forgetUndone(): void {
    if (this.#undone.length === 0) return;
    this.#undone.length = 0;
    this.#keep(
      ({ inserter }) => !inserter?.undone,
      (run) => (run.deleter?.undone ? { ...run, deleter: undefined } : run),
    );
  }

  #forgetOldest(): void {
    while (
      this.#done.length > undoLimits.groups ||
      (this.#runs.length > undoLimits.runs && this.#done.length > 1)
    ) {
      const oldest = this.#done.shift();
      this.#keep(
        ({ deleter }) => deleter !== oldest,
        (run) => (run.inserter === oldest ? { ...run, inserter: undefined } : run),
      );
    }
  }

  #keep(isKept: (run: Run) => boolean, change: (run: Run) => Run): void {
    const runs: Run[] = [];
    for (const run of this.#runs) if (isKept(run)) append(runs, change(run));
    this.#runs = runs;
  }

  /** The characters of a run that leave the text, in pieces that each lie together in the text below the layer. */
  #hide(run: Run, position: number, text: Text, { layer, buffer }: Base): Run[] {
    return [...origins(position, run.units, buffer)].map(({ offset, units, at }) => {
      const hidden = text.slice(position + offset, position + offset + units);
      const piece = { ...slice(run, offset, units), hidden };
      if (at === undefined) return piece;
      this.#isPending = true;
      return { ...piece, [layer]: at };
    });
  }

  /**
   * Walks over the runs as `operation` walks over the text; what it inserts comes before what is hidden there. Only the
   * runs between its first and its last change are made anew: typing costs little, however much is remembered.
   */
  #rewrite(
    operation: Operation,
    become: { inserted(units: number): Run; deleted(run: Run, position: number): Run[] },
  ): void {
    const before = this.#runs;
    const start = typeof operation[0] === "number" ? Math.max(0, operation[0]) : 0;
    let next = 0;
    let position = 0;
    while (next < before.length && position < start) {
      const run = before[next]!;
      const end = position + (run.hidden === undefined ? run.units : 0);
      if (end > start) break;
      position = end;
      next++;
    }
    // The last one that stays may continue into what comes.
    const from = Math.max(0, next - 1);
    const runs = before.slice(from, next);
    let run = before[next++];
    for (const [index, part] of operation.entries()) {
      if (typeof part === "string") {
        append(runs, become.inserted(part.length));
        continue;
      }
      for (let left = index === 0 && part > 0 ? part - position : Math.abs(part); left > 0; ) {
        if (run?.hidden !== undefined) {
          append(runs, run);
          run = before[next++];
          continue;
        }
        const units: number = run ? Math.min(left, run.units) : left;
        const piece = run ? slice(run, 0, units) : { units };
        if (part > 0) append(runs, piece);
        else for (const rest of become.deleted(piece, position)) append(runs, rest);
        if (run) run = run.units === units ? before[next++] : slice(run, units, run.units - units);
        left -= units;
        position += units;
      }
    }
    if (run) append(runs, run);
    const following = before[next];
    if (following) append(runs, following);
    const last = runs.at(-1);
    if (next >= before.length && last && !last.inserter && !last.deleter && !isPending(last)) runs.pop();
    const replaced = next + 1 - from;
    if (runs.length <= 100) before.splice(from, replaced, ...runs);
    else this.#runs = [...before.slice(0, from), ...runs, ...before.slice(from + replaced)];
  }
}
