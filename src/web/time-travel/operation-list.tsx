import { useEffect, useRef, useState } from "react";
import { factsOf, latencyText, operationText } from "../../time-travel/facts.ts";
import type { Timeline } from "../../time-travel/timeline.ts";

/** Pixels of a row, as the style has it, and rows that are there above and below what is seen. */
const rowPixels = 52;
const spareRows = 6;
/** A browser draws no element that is much higher. */
const mostPixels = 15_000_000;

interface OperationListProps {
  timeline: Timeline;
  version: number;
  /** Undefined: all. */
  matches: readonly number[] | undefined;
  onPick: (version: number) => void;
}

/** The operations, newest last. Of however many, only those in sight are in the page. */
export function OperationList({ timeline, version, matches, onPick }: OperationListProps) {
  const { first, last } = timeline;
  const element = useRef<HTMLElement>(null);
  const [seen, setSeen] = useState({ top: 0, height: 600 });
  const count = matches ? matches.length : last - first;
  const versionAt = (index: number) => (matches ? matches[index]! : first + 1 + index);
  const indexOf = matches
    ? matches.findLastIndex((match) => match <= version)
    : Math.min(count - 1, version - first - 1);
  const height = Math.min(count * rowPixels, mostPixels);
  /** Rows that are in sight, and the first of them: a very long list is scrolled in larger steps. */
  const rows = seen.height / rowPixels;
  const steps = Math.max(1, height - seen.height);
  const top = (Math.min(seen.top, steps) / steps) * Math.max(0, count - rows);
  const from = Math.max(0, Math.floor(top) - spareRows);
  const to = Math.min(count, Math.ceil(top + rows) + spareRows);
  // biome-ignore lint/correctness/useExhaustiveDependencies: what is picked is brought into sight, once
  useEffect(() => {
    const list = element.current;
    if (!list) return;
    const { scrollTop, scrollHeight, clientHeight } = list;
    setSeen({ top: scrollTop, height: clientHeight });
    const inSight = clientHeight / rowPixels;
    if (indexOf >= top && indexOf + 1 <= top + inSight) return;
    const middle = Math.max(0, indexOf - inSight / 2);
    list.scrollTop = (middle / Math.max(1, count - inSight)) * (scrollHeight - clientHeight);
  }, [indexOf, count]);
  return (
    <section
      ref={element}
      className="travel-list"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: so that the keyboard scrolls it
      tabIndex={0}
      aria-label={`${count.toLocaleString()} operations`}
      onScroll={({ currentTarget: list }) => setSeen({ top: list.scrollTop, height: list.clientHeight })}
    >
      <div className="travel-list-all" style={{ height }}>
        <ul style={{ transform: `translateY(${seen.top + (from - top) * rowPixels}px)` }}>
          {Array.from({ length: Math.max(0, to - from) }, (_, offset) => {
            const of = versionAt(from + offset);
            return (
              <li key={of}>
                <Row timeline={timeline} of={of} isCurrent={of === version} onPick={onPick} />
              </li>
            );
          })}
        </ul>
      </div>
    </section>
  );
}

interface RowProps {
  timeline: Timeline;
  of: number;
  isCurrent: boolean;
  onPick: (version: number) => void;
}

function Row({ timeline, of, isCurrent, onPick }: RowProps) {
  const facts = factsOf(timeline, of);
  if (!facts) return null;
  const { kind, by, userId, base, transforms, op } = facts;
  return (
    <button type="button" aria-current={isCurrent} onClick={() => onPick(of)}>
      <span>
        {of} {kind} <code>{operationText(op, 40)}</code>
      </span>
      <small>
        {by} {userId.slice(0, 8)} · base {base ?? "?"}
        {transforms ? ` (+${transforms})` : ""} · {latencyText(facts)}
      </small>
    </button>
  );
}
