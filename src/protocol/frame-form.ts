import type { Operation } from "../ot/operation.ts";
import type { Ack, Item, OperationList, Operations } from "./server-frames.ts";

// The frames that a keystroke takes, in the form that everybody gets, and in the short form, for whoever asks for it by
// `hello`: the same fields, told by their place. What stands behind them in a list is ignored, as unknown fields are (law WR-1).

/** In place of `operations`. */
export interface ShortOperations {
  ops: [from: number, ...items: [actor: number, seq: number, op: Operation][]];
}

/** In place of `ack`. */
export interface ShortAck {
  ack: [seq: number, version: number];
}

/** How a peer is told what happens all the time. Items are JSON: each is encoded once, however many peers get it. */
export interface FrameForm {
  item(operationJson: string, actor: number, seq: number): string;
  operations(from: number, items: readonly string[]): string;
  ack(seq: number, version: number): string;
}

export const longForm: FrameForm = {
  item: (operationJson, actor, seq) => `{"op":${operationJson},"actor":${actor},"seq":${seq}}`,
  operations: (from, items) => `{"type":"operations","from":${from},"items":[${items.join(",")}]}`,
  ack: (seq, version) => `{"type":"ack","seq":${seq},"version":${version}}`,
};

export const shortForm: FrameForm = {
  item: (operationJson, actor, seq) => `[${actor},${seq},${operationJson}]`,
  operations: (from, items) => `{"ops":[${[from, ...items].join(",")}]}`,
  ack: (seq, version) => `{"ack":[${seq},${version}]}`,
};

export const formOf = ({ short }: { readonly short?: boolean }): FrameForm => (short ? shortForm : longForm);

export const encodeItem = (form: FrameForm, { op, actor, seq }: Item): string =>
  form.item(JSON.stringify(op), actor, seq);

export const encodeOperations = (form: FrameForm, { from, items }: OperationList): string =>
  form.operations(
    from,
    items.map((item) => encodeItem(form, item)),
  );

/** A frame without a `type`, as the long form has it; undefined if it is none of the short form. */
export function expandShort({ ops, ack }: Partial<ShortOperations & ShortAck>): Operations | Ack | undefined {
  if (ops) {
    const [from, ...items] = ops;
    return { type: "operations", from, items: items.map(([actor, seq, op]) => ({ op, actor, seq })) };
  }
  return ack && { type: "ack", seq: ack[0], version: ack[1] };
}
