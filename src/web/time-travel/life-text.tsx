import { useEffect, useRef } from "react";
import type { Timeline } from "../../time-travel/timeline.ts";

/** Units of a text up to which it is shown whole; of a longer one, so many around each change. */
const wholeUnits = 60_000;

/** The text at a version, with what its operation put in and took out. */
export function LifeText({ timeline, version }: { timeline: Timeline; version: number }) {
  const element = useRef<HTMLPreElement>(null);
  const isLong = timeline.at(version).length > wholeUnits;
  const stretches = timeline.changed(version, isLong ? wholeUnits / 4 : Number.POSITIVE_INFINITY);
  // biome-ignore lint/correctness/useExhaustiveDependencies: whenever another change is shown
  useEffect(() => {
    element.current?.querySelector("ins, del")?.scrollIntoView({ block: "nearest" });
  }, [timeline, version]);
  return (
    <pre ref={element}>
      {stretches.map((stretch, index) => {
        // They have no other identity than their place.
        const key = `${index}`;
        if (stretch.omitted !== undefined)
          return (
            <em key={key} className="travel-omitted">
              {" "}
              … {stretch.omitted.toLocaleString()} units …{" "}
            </em>
          );
        if (stretch.mark === "inserted") return <ins key={key}>{stretch.text}</ins>;
        if (stretch.mark === "deleted") return <del key={key}>{stretch.text}</del>;
        return <span key={key}>{stretch.text}</span>;
      })}
    </pre>
  );
}
