import type { Accepted } from "../ot/authority.ts";
import { Text } from "../ot/text.ts";
import { limits } from "../protocol/limits.ts";
import type { CheckpointKind, OperationLog, TextAt } from "./operation-log.ts";
import { operationWeight } from "./segment-runs.ts";

/** What is made of a history by going through it: the text, or who wrote it. */
export interface Replayed<State> {
  kind: CheckpointKind;
  /** At the horizon. */
  begin(base: TextAt): State;
  apply(state: State, entry: Accepted): void;
  save(state: State): string;
  restore(saved: string): State;
  /** About the length of what `save` gives. */
  units(state: State): number;
}

/** Weight of the operations between two yields: a few milliseconds. */
const stepWeight = 32_768;

/**
 * Weight of the operations (`operationWeight`) from one checkpoint to the next at least, some 30,000 typed edits; twice the length of the
 * text where that is more. So checkpoints take less storage than what they are of, and one is at most so far away.
 */
const checkpointWeight = 524_288;

/**
 * What a history has come to at a version, which is from the horizon to the newest one. It begins at the last checkpoint
 * before, and leaves others on its way. Undefined where the way was longer than one call may be: asked again, it goes on from
 * where it came to. Between two steps nothing but appending and sealing may have happened to the log.
 */
export function* replay<State>(
  log: OperationLog,
  { kind, begin, apply, save, restore, units }: Replayed<State>,
  target: number,
): Generator<void, State | undefined> {
  const checkpoint = log.checkpoint(kind, target);
  const state = checkpoint ? restore(checkpoint.value) : begin(log.base());
  let version = checkpoint?.version ?? log.horizon;
  let walked = 0;
  let sinceCheckpoint = 0;
  let sinceStep = 0;
  const keep = () => {
    log.saveCheckpoint(kind, { version, value: save(state) });
    sinceCheckpoint = 0;
  };
  if (version === target) return state;
  for (const { from, entries } of log.flushes(version)) {
    for (const entry of entries.slice(version + 1 - from)) {
      apply(state, entry);
      version += 1;
      if (version === target) return state;
      const weight = operationWeight(entry.operation);
      sinceCheckpoint += weight;
      if (sinceCheckpoint > Math.max(checkpointWeight, 2 * units(state))) keep();
      walked += weight;
      if (walked > limits.replayWeight) {
        keep();
        return undefined;
      }
      sinceStep += weight;
      if (sinceStep > stepWeight) {
        sinceStep = 0;
        yield;
      }
    }
  }
  throw new Error(`the log ends at version ${version}, before ${target}`);
}

export const replayedText: Replayed<Text> = {
  kind: "text",
  begin: ({ text }) => Text.from(text),
  apply: (text, { operation }) => text.apply(operation),
  save: (text) => text.toString(),
  restore: (saved) => Text.from(saved),
  units: (text) => text.length,
};
