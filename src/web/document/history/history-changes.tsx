import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Button } from "../../design/button.tsx";
import { Fault, Waiting } from "../../design/notice.tsx";
import { Ago } from "../../design/time.tsx";
import { useClient } from "../document-client.ts";
import { changesQuery, namedVersionsQuery } from "./history-queries.ts";

interface HistoryChangesProps {
  id: string;
  version: number;
  onPick: (version: number) => void;
}

/** What was done, by whom and when, and the versions that have names. */
export function HistoryChanges({ id, version, onPick }: HistoryChangesProps) {
  const client = useClient();
  const named = useQuery(namedVersionsQuery(client, id));
  const changes = useInfiniteQuery(changesQuery(client, id));
  if (changes.isPending) return <Waiting label="Loading changes" />;
  if (changes.isError) return <Fault error={changes.error} retry={changes.refetch} />;
  return (
    <>
      {named.data && named.data.length > 0 && (
        <>
          <h2>Named versions</h2>
          <ul className="history-changes">
            {named.data.map((point) => (
              <li key={point.version}>
                <button
                  type="button"
                  aria-current={point.version === version}
                  onClick={() => onPick(point.version)}
                >
                  {point.name}
                  <small>Version {point.version}</small>
                </button>
              </li>
            ))}
          </ul>
        </>
      )}
      <h2>Changes</h2>
      <ul className="history-changes">
        {changes.data.pages.flatMap(({ items }) =>
          items.map((change) => (
            <li key={change.last_version}>
              <button
                type="button"
                aria-current={version >= change.first_version && version <= change.last_version}
                onClick={() => onPick(change.last_version)}
              >
                {[...new Set(change.authors.map(({ name }) => name ?? "A deleted account"))].join(", ")}
                <small>
                  <Ago time={change.ended_at} />, +{sum(change.authors, "inserted")} −
                  {sum(change.authors, "deleted")}
                </small>
              </button>
            </li>
          )),
        )}
      </ul>
      {changes.hasNextPage && (
        <Button small busy={changes.isFetchingNextPage} onClick={() => void changes.fetchNextPage()}>
          Older changes
        </Button>
      )}
    </>
  );
}

function sum<Key extends string>(shares: readonly Record<Key, number>[], key: Key): number {
  return shares.reduce((total, share) => total + share[key], 0);
}
