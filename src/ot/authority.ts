import { lengthChange, type Operation } from "./operation.ts";
import { isOrWas } from "./redacted.ts";
import type { Misfit, Text } from "./text.ts";
import { transform } from "./transform.ts";

/** An operation as its author made it: on the text at version `base`, as the author's `seq`-th (1, 2, 3 …). All whole numbers. */
export interface Submission {
  readonly actor: number;
  readonly seq: number;
  readonly base: number;
  readonly operation: Operation;
}

/** An operation as it was accepted: it applies to the version before its own, which its place in the history gives. */
export interface Accepted {
  readonly actor: number;
  readonly seq: number;
  readonly operation: Operation;
}

/** An actor's newest accepted operation. */
export interface LastAccepted {
  readonly seq: number;
  readonly version: number;
}

/**
 * The accepted operations that have left memory. Those that the authority still keeps (the newest `tailOperations`) are
 * not asked for, so a log that is written behind may lag by that many.
 */
export interface History {
  /** The oldest version that can still be transformed from; it only grows. */
  readonly horizon: number;
  /** The operations with versions `from` + 1 … `to`, in order; `from` ≥ `horizon`. */
  read(from: number, to: number): Iterable<Accepted>;
  /** The version of an older accepted submission, if the history still has it. */
  find(actor: number, seq: number): number | undefined;
}

export interface AuthorityLimits {
  /** Code units of the text; an operation that makes it longer than this is refused. */
  readonly textUnits: number;
  /** How many of the newest operations stay in memory: at least this many, at most twice as many. */
  readonly tailOperations: number;
  /**
   * What moving one submission to the newest version may cost, in parts walked over: its own and the accepted
   * operation's, for every version in between. Beyond it the base is as good as too old.
   */
  readonly transformParts: number;
}

export interface AuthorityState {
  version: number;
  text: Text;
  lastByActor: Map<number, LastAccepted>;
  /** The newest accepted operations, the last of them with version `version`. */
  tail?: Accepted[];
  history: History;
  limits: AuthorityLimits;
}

export type Verdict =
  | { kind: "accepted"; version: number; operation: Operation }
  | { kind: "duplicate"; version: number }
  | { kind: "too_old"; horizon: number }
  | {
      kind: "invalid";
      code: "base_ahead" | "seq_gap" | "seq_reused" | "document_too_large" | Misfit;
      detail: string;
    };

/**
 * The server's half: puts concurrent submissions into one line of versions. Deterministic; it owns the state that it is
 * given. Nothing here waits, so that accepting is one step (RM-4).
 */
export class Authority {
  #version: number;
  #tail: Accepted[];
  readonly #lastByActor: Map<number, LastAccepted>;
  readonly #history: History;
  readonly #limits: AuthorityLimits;
  /** At `version`; to be read only. */
  readonly text: Text;

  constructor(state: AuthorityState) {
    this.#version = state.version;
    this.text = state.text;
    this.#lastByActor = state.lastByActor;
    this.#tail = state.tail ?? [];
    this.#history = state.history;
    this.#limits = state.limits;
  }

  get version(): number {
    return this.#version;
  }

  /**
   * The oldest base that is still accepted. Always the history's, even where memory reaches further back: an answer must
   * not depend on when the room was last loaded (RM-5).
   */
  get horizon(): number {
    return this.#history.horizon;
  }

  /** The newest accepted operation of every actor. */
  get lastByActor(): ReadonlyMap<number, LastAccepted> {
    return this.#lastByActor;
  }

  lastOf(actor: number): LastAccepted | undefined {
    return this.#lastByActor.get(actor);
  }

  /**
   * - RM-1: an accepted operation takes exactly one version, also if transforming left nothing of it.
   * - RM-3: a submission that was accepted before gets its first version again. Another one under its seq is refused.
   * - RM-6: a refused one changes nothing, and its seq is still to come.
   */
  accept(submission: Submission): Verdict {
    const { actor, seq, base } = submission;
    const last = this.#lastByActor.get(actor);
    const lastSeq = last?.seq ?? 0;
    if (seq <= lastSeq) {
      const version = seq === lastSeq ? last?.version : this.#find(actor, seq);
      if (version === undefined) return { kind: "too_old", horizon: this.horizon };
      if (this.#differs(submission, version))
        return invalid("seq_reused", `Seq ${seq} was another operation.`);
      return { kind: "duplicate", version };
    }
    if (seq !== lastSeq + 1) return invalid("seq_gap", `The next seq is ${lastSeq + 1}.`);
    if (base > this.#version) return invalid("base_ahead", `The newest version is ${this.#version}.`);
    if (base < this.horizon) return { kind: "too_old", horizon: this.horizon };

    const operation = this.#transformed(submission, this.#version);
    if (!operation) return { kind: "too_old", horizon: this.horizon };
    // Transforming neither hides nor makes a misfit at the end of the text; one inside deleted text does no harm.
    const misfit = this.text.check(operation);
    if (misfit) return invalid(misfit, `The operation does not fit version ${base}.`);
    const growth = lengthChange(operation);
    if (growth > 0 && this.text.length + growth > this.#limits.textUnits) {
      return invalid("document_too_large", `A document has at most ${this.#limits.textUnits} code units.`);
    }

    this.text.apply(operation);
    this.#version += 1;
    this.#lastByActor.set(actor, { seq, version: this.#version });
    this.#tail.push({ actor, seq, operation });
    // Trimmed in large steps, so that a step costs each operation next to nothing.
    if (this.#tail.length > 2 * this.#limits.tailOperations) {
      this.#tail = this.#tail.slice(this.#tail.length - this.#limits.tailOperations);
    }
    return { kind: "accepted", version: this.#version, operation };
  }

  /**
   * An operation that was made at version `base`, at most the newest, as one on the newest text. Undefined where the history
   * does not reach back to it, or where that would cost more than the limit.
   */
  rebase(operation: Operation, base: number): Operation | undefined {
    return base < this.horizon ? undefined : this.#transformed({ operation, base }, this.#version);
  }

  /** The submission's operation as of version `to`; undefined if that would cost more than the limit. */
  #transformed(
    { base, operation: submitted }: Pick<Submission, "base" | "operation">,
    to: number,
  ): Operation | undefined {
    let operation = submitted;
    let version = base;
    let walked = 0;
    if (version === to) return operation;
    for (const accepted of this.#read(base)) {
      walked += operation.length + accepted.operation.length;
      if (walked > this.#limits.transformParts) return undefined;
      operation = transform(operation, accepted.operation, "later");
      version += 1;
      if (version === to) break;
    }
    return operation;
  }

  /**
   * Whether what was accepted as `version` cannot have come from this submission: made again from it, it would be
   * another operation. False also where that can no longer be told.
   */
  #differs(submission: Submission, version: number): boolean {
    if (submission.base >= version) return true;
    if (submission.base < this.horizon) return false;
    const operation = this.#transformed(submission, version - 1);
    const [accepted] = this.#read(version - 1);
    return operation !== undefined && accepted !== undefined && !isOrWas(operation, accepted.operation);
  }

  /** The accepted operations after `version`, which must be from `horizon` to the newest; else throws RangeError. */
  since(version: number): Accepted[] {
    return [...this.after(version)];
  }

  /** The same one by one: what is not asked for is not read. */
  after(version: number): Iterable<Accepted> {
    if (!(version >= this.horizon && version <= this.#version)) {
      throw new RangeError(`Version ${version} is not within ${this.horizon} … ${this.#version}.`);
    }
    return this.#read(version);
  }

  /** A generator only where it must be: its steps would cost three times what transforming costs. */
  #read(from: number): Iterable<Accepted> {
    const tailStart = this.#version - this.#tail.length;
    return from < tailStart ? this.#readHistory(from, tailStart) : this.#tail.slice(from - tailStart);
  }

  *#readHistory(from: number, tailStart: number): Generator<Accepted> {
    yield* this.#history.read(from, tailStart);
    yield* this.#tail;
  }

  #find(actor: number, seq: number): number | undefined {
    const tailStart = this.#version - this.#tail.length;
    const oldest = Math.max(0, this.horizon - tailStart);
    for (let index = this.#tail.length - 1; index >= oldest; index--) {
      const accepted = this.#tail[index]!;
      if (accepted.actor === actor && accepted.seq === seq) return tailStart + index + 1;
    }
    return this.#history.find(actor, seq);
  }
}

function invalid(code: (Verdict & { kind: "invalid" })["code"], detail: string): Verdict {
  return { kind: "invalid", code, detail };
}
