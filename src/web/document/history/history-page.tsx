import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { Link, useLocation } from "wouter";
import { Button, buttonClass } from "../../design/button.tsx";
import { explain } from "../../design/explain.ts";
import { NameDialog } from "../../design/name-dialog.tsx";
import { Fault, Waiting } from "../../design/notice.tsx";
import { At } from "../../design/time.tsx";
import { useTitle } from "../../shell/title.ts";
import { useClient } from "../document-client.ts";
import "../document-head.css";
import { CopyTraceId } from "./copy-trace-id.tsx";
import { HistoryChanges } from "./history-changes.tsx";
import { namedVersionsQuery, versionQuery } from "./history-queries.ts";
import { HistoryText } from "./history-text.tsx";
import "./history-page.css";
import { usePlaying } from "./use-playing.ts";

/** A document's life: to be scrubbed, played, compared and gone back to. */
export function HistoryPage({ id }: { id: string }) {
  const client = useClient();
  const document = useQuery({ queryKey: ["document", id, "now"], queryFn: () => client.documents.get(id) });
  useTitle(document.data ? `History of ${document.data.title}` : "History");
  if (document.isPending) return <Waiting label="Loading the history" />;
  if (document.isError) return <Fault error={document.error} retry={document.refetch} />;
  return <Life id={id} title={document.data.title} last={document.data.version} />;
}

function Life({ id, title, last }: { id: string; title: string; last: number }) {
  const client = useClient();
  const queries = useQueryClient();
  const [, goTo] = useLocation();
  const [version, setVersion] = useState(last);
  const [from, setFrom] = useState<number>();
  const [byAuthor, setByAuthor] = useState(false);
  const [playing, setPlaying] = useState(false);
  const [naming, setNaming] = useState(false);
  const shown = useQuery(versionQuery(client, id, version));
  const restore = useMutation({
    mutationFn: () => client.history.restore(id, { version }),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ["document", id] });
      goTo(`/documents/${id}`);
    },
  });
  usePlaying(playing, { version, last }, { onStep: setVersion, onEnd: () => setPlaying(false) });
  const go = (to: number) => {
    setPlaying(false);
    setVersion(to);
  };
  return (
    <div className="history">
      <header className="document-head history-head">
        <Link href={`/documents/${id}`} className={buttonClass("quiet", true)}>
          ← Back
        </Link>
        <h1 className="document-title">{title}</h1>
        <div className="document-head-end">
          <Button small onClick={() => setNaming(true)}>
            Name this version
          </Button>
          <Button
            small
            look="primary"
            busy={restore.isPending}
            disabled={version === last}
            onClick={() => restore.mutate()}
          >
            Restore this version
          </Button>
        </div>
      </header>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: so that the keyboard scrolls it */}
      <main className="history-text" tabIndex={0}>
        {restore.isError && <Fault error={restore.error} />}
        <HistoryText id={id} version={version} from={from} byAuthor={byAuthor} />
      </main>
      <aside className="history-side" aria-label="Changes">
        <HistoryChanges id={id} version={version} onPick={go} />
      </aside>
      <footer className="history-foot">
        <div className="history-slider">
          <Button
            small
            aria-pressed={playing}
            onClick={() => {
              if (!playing && version === last) setVersion(0);
              setPlaying(!playing);
            }}
          >
            {playing ? "Pause" : "Play"}
          </Button>
          <input
            type="range"
            aria-label="Version"
            min={0}
            max={last}
            value={version}
            onChange={(event) => go(Number(event.target.value))}
          />
        </div>
        <div className="history-facts">
          <span>
            Version {version} of {last}
          </span>
          {shown.data?.created_at && <At time={shown.data.created_at} />}
          {shown.data?.author && <span>by {shown.data.author.name ?? "a deleted account"}</span>}
          {shown.isError && <span role="alert">{explain(shown.error)}</span>}
          <Button
            small
            look="quiet"
            aria-pressed={from !== undefined}
            onClick={() => setFrom(from === undefined ? version : undefined)}
          >
            {from === undefined ? "Compare from here" : `Compared with version ${from} ×`}
          </Button>
          <Button small look="quiet" aria-pressed={byAuthor} onClick={() => setByAuthor(!byAuthor)}>
            Who wrote what
          </Button>
          {shown.data?.trace_id && <CopyTraceId traceId={shown.data.trace_id} />}
        </div>
      </footer>
      {naming && (
        <NameDialog
          title={`Name version ${version}`}
          hint="Such as “as sent to the printer”."
          action="Save"
          save={(name) => client.history.name(id, version, { name })}
          onClose={() => setNaming(false)}
          onSaved={() => {
            setNaming(false);
            return queries.invalidateQueries(namedVersionsQuery(client, id));
          }}
        />
      )}
    </div>
  );
}
