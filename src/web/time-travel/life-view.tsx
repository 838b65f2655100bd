import { useState } from "react";
import { factsOf, latencyText, type OperationFacts, operationText } from "../../time-travel/facts.ts";
import { filterHelp, parseFilter } from "../../time-travel/filter-words.ts";
import { matching } from "../../time-travel/operation-filter.ts";
import type { Timeline } from "../../time-travel/timeline.ts";
import { Button } from "../design/button.tsx";
import { Field } from "../design/field.tsx";
import { Form } from "../design/form.tsx";
import { Notice } from "../design/notice.tsx";
import { usePlaying } from "../document/history/use-playing.ts";
import { useTitle } from "../shell/title.ts";
import { LifeText } from "./life-text.tsx";
import { pause } from "./open-life.ts";
import { OperationList } from "./operation-list.tsx";
import "../document/document-head.css";
import "../document/history/history-page.css";
import "./life-view.css";

interface LifeViewProps {
  timeline: Timeline;
  /** It is being opened again. */
  isBusy: boolean;
  fault: string | undefined;
  onReload: () => void;
  onClose: () => void;
}

/** One version of a life, what made it, and the way to all others. */
export function LifeView({ timeline, isBusy, fault: failed, onReload, onClose }: LifeViewProps) {
  const { bundle, first, last, fault } = timeline;
  const [version, setVersion] = useState(Math.min(fault?.version ?? last, last));
  const [playing, setPlaying] = useState(false);
  const [matches, setMatches] = useState<readonly number[]>();
  useTitle("Time travel");
  usePlaying(playing, { version, last }, { onStep: setVersion, onEnd: () => setPlaying(false) });
  const go = (to: number) => {
    setPlaying(false);
    setVersion(Math.max(first, Math.min(last, to)));
  };
  const facts = factsOf(timeline, version);
  const { documentId, note } = bundle.head;
  return (
    <div className="history">
      <header className="document-head history-head">
        <h1 className="document-title travel-title">{documentId}</h1>
        <div className="document-head-end">
          <Button small busy={isBusy} onClick={onReload}>
            Reload
          </Button>
          <Button small onClick={onClose}>
            Open another
          </Button>
        </div>
      </header>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: so that the keyboard scrolls it */}
      <main className="history-text" tabIndex={0} aria-label="The text">
        {failed && <Notice kind="bad">{failed}</Notice>}
        {fault && (
          <Notice kind="bad">
            <span>
              Version {fault.version} is not what it should be: {fault.what}
              {fault.expected !== undefined && ` is ${fault.expected}, and the replay gives ${fault.actual}`}.
            </span>
            <Button small onClick={() => go(fault.version)}>
              Show it
            </Button>
          </Notice>
        )}
        {note && <Notice>{note}</Notice>}
        <LifeText timeline={timeline} version={version} />
      </main>
      <aside className="history-side travel-side" aria-label="Operations">
        <Filter timeline={timeline} onFound={setMatches} />
        <OperationList timeline={timeline} version={version} matches={matches} onPick={go} />
      </aside>
      <footer className="history-foot">
        <div className="history-slider">
          <Button
            small
            aria-pressed={playing}
            onClick={() => {
              if (!playing && version === last) setVersion(first);
              setPlaying(!playing);
            }}
          >
            {playing ? "Pause" : "Play"}
          </Button>
          <input
            type="range"
            aria-label="Version"
            min={first}
            max={last}
            value={version}
            onChange={(event) => go(Number(event.target.value))}
          />
          <input
            type="number"
            className="input travel-version"
            aria-label="Go to version"
            min={first}
            max={last}
            value={version}
            onChange={(event) => go(Number(event.target.value))}
          />
        </div>
        {facts ? <Facts facts={facts} /> : <p className="history-facts">The oldest text that is known.</p>}
      </footer>
    </div>
  );
}

function Filter({
  timeline,
  onFound,
}: {
  timeline: Timeline;
  onFound: (matches?: readonly number[]) => void;
}) {
  const [typed, setTyped] = useState("");
  const [told, setTold] = useState<{ fault?: string; found?: string }>({});
  const search = async () => {
    const filter = parseFilter(typed);
    if ("fault" in filter) return setTold({ fault: filter.fault });
    if (Object.keys(filter).length === 0) {
      setTold({});
      return onFound(undefined);
    }
    const steps = matching(timeline, filter);
    let step = steps.next();
    for (; !step.done; step = steps.next()) await pause();
    setTold({ found: `${step.value.length.toLocaleString()} operations` });
    onFound(step.value);
  };
  return (
    <Form onSubmit={() => void search()}>
      <Field
        label="Filter"
        type="search"
        placeholder="author:… kind:delete or a text"
        hint={told.found ?? filterHelp}
        fault={told.fault}
        value={typed}
        spellCheck={false}
        onChange={({ target }) => setTyped(target.value)}
      />
    </Form>
  );
}

function Facts({ facts }: { facts: OperationFacts }) {
  const { version, at, by, userId, clientId, actor, seq, base, transforms, op, traceId, hash } = facts;
  const rows: [string, string][] = [
    ["Version", `${version}, ${new Date(at).toISOString().slice(0, 19).replace("T", " ")} UTC`],
    [
      "Author",
      `${by} ${userId}${clientId === null ? "" : `, client ${clientId}`} (actor ${actor}), seq ${seq}`,
    ],
    ["Base", base === undefined ? "not known" : `${base}, transformed over ${transforms}`],
    ["Latency", latencyText(facts)],
    ["Trace", traceId ?? "none"],
    ["Hash", hash === undefined ? "none" : String(hash)],
    ["Operation", operationText(op, 160)],
  ];
  return (
    <dl className="travel-facts" aria-label="The operation">
      {rows.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
