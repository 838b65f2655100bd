import { useEffect } from "react";

/** Steps a life is played in, and milliseconds between two of them. */
const steps = 200;
const pause = 80;

/** Walks from version to version up to the last as long as `playing`, in so many steps that nobody waits long. */
export function usePlaying(
  playing: boolean,
  { version, last }: { version: number; last: number },
  { onStep, onEnd }: { onStep: (version: number) => void; onEnd: () => void },
): void {
  // biome-ignore lint/correctness/useExhaustiveDependencies: the next step is taken when this one is shown
  useEffect(() => {
    if (!playing) return;
    if (version >= last) {
      onEnd();
      return;
    }
    const next = Math.min(last, version + Math.max(1, Math.ceil(last / steps)));
    const timer = setTimeout(() => onStep(next), pause);
    return () => clearTimeout(timer);
  }, [playing, version, last]);
}
