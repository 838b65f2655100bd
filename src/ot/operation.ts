import type { Text } from "./text.ts";

declare const brand: unique symbol;

/**
 * One change of a text, as the wire has it: a positive number keeps that many UTF-16 code units (OT-4), a string is
 * inserted, a negative number deletes. Always in normal form: no empty part, neighbours of one kind merged, insert
 * before delete where they touch, the last retain left out. `[]` changes nothing. Only the builder and the parser
 * make one; nobody changes one.
 */
export type Operation = readonly (number | string)[] & { readonly [brand]: true };

/** Parts on their way to normal form, for the engine's own loops; others use the builder, which checks. */
export type Parts = (number | string)[];

export function appendRetain(parts: Parts, units: number): void {
  const last = parts.length - 1;
  const part = parts[last];
  if (typeof part === "number" && part > 0) parts[last] = part + units;
  else parts.push(units);
}

export function appendInsert(parts: Parts, text: string): void {
  const last = parts.length - 1;
  const part = parts[last];
  if (typeof part === "string") {
    parts[last] = part + text;
  } else if (part !== undefined && part < 0) {
    const before = parts[last - 1];
    if (typeof before === "string") {
      parts[last - 1] = before + text;
    } else {
      parts[last] = text;
      parts.push(part);
    }
  } else {
    parts.push(text);
  }
}

export function appendDelete(parts: Parts, units: number): void {
  const last = parts.length - 1;
  const part = parts[last];
  if (typeof part === "number" && part < 0) parts[last] = part - units;
  else parts.push(-units);
}

/** Ends the parts: from here on they are an operation, and nobody may change them. */
export function finish(parts: Parts): Operation {
  const part = parts[parts.length - 1];
  if (typeof part === "number" && part > 0) parts.pop();
  return parts as readonly (number | string)[] as Operation;
}

/** Builds an operation in normal form, whatever the calls. Every method throws RangeError on a senseless argument. */
export class OperationBuilder {
  #parts: Parts = [];

  /** Keeps the next `units` code units. */
  retain(units: number): this {
    if (checkedUnits(units) > 0) appendRetain(this.#parts, units);
    return this;
  }

  /** Inserts `text`, which must be well-formed: half a surrogate pair can never become part of a document (OT-4). */
  insert(text: string): this {
    if (!text.isWellFormed()) throw new RangeError("An inserted text holds half a surrogate pair.");
    if (text !== "") appendInsert(this.#parts, text);
    return this;
  }

  /** Deletes the next `units` code units. */
  delete(units: number): this {
    if (checkedUnits(units) > 0) appendDelete(this.#parts, units);
    return this;
  }

  /** The operation so far; the builder is empty again. */
  build(): Operation {
    const operation = finish(this.#parts);
    this.#parts = [];
    return operation;
  }
}

function checkedUnits(units: number): number {
  if (!Number.isSafeInteger(units) || units < 0) throw new RangeError(`${units} is no count of code units.`);
  return units;
}

/** Inserts `text` at `position`. */
export function insertion(position: number, text: string): Operation {
  return new OperationBuilder().retain(position).insert(text).build();
}

/** Deletes `length` code units from `position` on. */
export function deletion(position: number, length: number): Operation {
  return new OperationBuilder().retain(position).delete(length).build();
}

/** Puts `text` in the place of the `length` code units from `position` on. */
export function replacement(position: number, length: number, text: string): Operation {
  return new OperationBuilder().retain(position).insert(text).delete(length).build();
}

/**
 * One operation that does what `first` and then `second` do; `second` must fit the text that `first` leaves.
 *
 * Law: apply(compose(a, b)) = apply(a), apply(b); and it is associative. What is composed must not have been sent or
 * accepted yet: transforming over a composed operation is not transforming over its members (OT-2).
 */
export function compose(first: Operation, second: Operation): Operation {
  const parts: Parts = [];
  let nextA = 1;
  let nextB = 1;
  let a = first[0];
  let b = second[0];
  while (a !== undefined || b !== undefined) {
    // What `first` deletes, `second` never saw; what `second` inserts, `first` knows nothing of.
    if (typeof a === "number" && a < 0) {
      appendDelete(parts, -a);
      a = first[nextA++];
      continue;
    }
    if (typeof b === "string") {
      appendInsert(parts, b);
      b = second[nextB++];
      continue;
    }
    // Past its last part an operation keeps everything.
    const lengthA: number = a === undefined ? Infinity : typeof a === "string" ? a.length : a;
    const lengthB: number = b === undefined ? Infinity : Math.abs(b);
    const length = Math.min(lengthA, lengthB);
    if (b === undefined || b > 0) {
      if (typeof a === "string") appendInsert(parts, length === a.length ? a : a.slice(0, length));
      else appendRetain(parts, length);
    } else if (typeof a !== "string") {
      appendDelete(parts, length);
    }
    if (length === lengthA) a = first[nextA++];
    else if (typeof a === "string") a = a.slice(length);
    else if (a !== undefined) a -= length;
    if (length === lengthB) b = second[nextB++];
    else if (b !== undefined) b += b > 0 ? -length : length;
  }
  return finish(parts);
}

/**
 * The operation that takes `operation` back; `text` is the text before it. Throws RangeError where the operation
 * reaches past the text.
 *
 * Law: apply(a), apply(invert(a)) gives the text before.
 */
export function invert(operation: Operation, text: Text | string): Operation {
  const parts: Parts = [];
  let position = 0;
  for (const part of operation) {
    if (typeof part === "string") {
      appendDelete(parts, part.length);
      continue;
    }
    const end = position + Math.abs(part);
    if (end > text.length) throw new RangeError(`The operation reaches ${end} in a text of ${text.length}.`);
    if (part > 0) appendRetain(parts, part);
    else appendInsert(parts, text.slice(position, end));
    position = end;
  }
  return finish(parts);
}

/** How many code units the operation inserts. */
export function insertedUnits(operation: Operation): number {
  let units = 0;
  for (const part of operation) if (typeof part === "string") units += part.length;
  return units;
}

/** How many code units longer (or, negative, shorter) the text is after the operation. */
export function lengthChange(operation: Operation): number {
  let units = 0;
  for (const part of operation) {
    if (typeof part === "string") units += part.length;
    else if (part < 0) units += part;
  }
  return units;
}
