import { useQuery } from "@tanstack/react-query";
import type { CSSProperties } from "react";
import { Fault, Waiting } from "../../design/notice.tsx";
import { Avatar } from "../../shell/avatar.tsx";
import { colorOf } from "../../shell/color-of.ts";
import { useClient } from "../document-client.ts";
import { blameQuery, diffQuery, versionQuery } from "./history-queries.ts";
import { markedByAuthor, markedByEdits, type Stretch } from "./marked-text.ts";

interface HistoryTextProps {
  id: string;
  version: number;
  /** The version to compare with; undefined: the text is shown as it was. */
  from: number | undefined;
  /** Shows who wrote what. */
  byAuthor: boolean;
}

export function HistoryText({ id, version, from, byAuthor }: HistoryTextProps) {
  const client = useClient();
  const text = useQuery(versionQuery(client, id, from ?? version));
  const diff = useQuery({ ...diffQuery(client, id, from ?? version, version), enabled: from !== undefined });
  const blame = useQuery({ ...blameQuery(client, id, version), enabled: byAuthor });
  const failed = [text, diff, blame].find(({ isError }) => isError);
  if (failed) return <Fault error={failed.error} retry={failed.refetch} />;
  if (!text.data) return <Waiting label="Loading the text" />;
  const { content } = text.data;
  let stretches: Stretch[] = [{ text: content }];
  // While one of the two is still of another version, the marks would stand in the wrong places.
  if (from !== undefined) {
    if (diff.data && diff.data.from === text.data.version)
      stretches = markedByEdits(content, diff.data.edits);
  } else if (byAuthor && blame.data && !blame.isPlaceholderData) {
    stretches = markedByAuthor(content, blame.data);
  }
  return (
    <>
      <pre>
        {stretches.map((stretch, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: they have no other identity
          <Shown key={index} {...stretch} />
        ))}
      </pre>
      {byAuthor && from === undefined && <Legend stretches={stretches} />}
    </>
  );
}

function Shown({ text, mark, author }: Stretch) {
  if (mark === "added") return <ins>{text}</ins>;
  if (mark === "removed") return <del>{text}</del>;
  if (author === undefined) return text;
  const color = author ? colorOf(author.user_id) : "transparent";
  return (
    <span className="history-author" style={{ "--author": color } as CSSProperties} title={nameOf(author)}>
      {text}
    </span>
  );
}

function Legend({ stretches }: { stretches: readonly Stretch[] }) {
  const authors = new Map(stretches.flatMap(({ author }) => (author ? [[author.user_id, author]] : [])));
  return (
    <ul className="history-legend" aria-label="Who wrote it">
      {[...authors.values()].map((author) => (
        <li key={author.user_id}>
          <Avatar name={author.name ?? "?"} color={colorOf(author.user_id)} />
          {nameOf(author)}
        </li>
      ))}
    </ul>
  );
}

function nameOf(author: Stretch["author"]): string {
  if (!author) return "Older than the history that is kept";
  const name = author.name ?? "A deleted account";
  return author.kind === "person" ? name : `${name} (${author.kind})`;
}
