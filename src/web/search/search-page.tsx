import { useInfiniteQuery } from "@tanstack/react-query";
import { Link, useSearch } from "wouter";
import type { SearchPage as Found } from "../../client/index.ts";
import { client } from "../client.ts";
import { Empty, Fault, Waiting } from "../design/notice.tsx";
import { Row, Rows } from "../design/rows.tsx";
import { ShowMore } from "../design/show-more.tsx";
import { Ago } from "../design/time.tsx";
import { documentsKey } from "../documents/documents-query.ts";
import { useTitle } from "../shell/title.ts";
import "./search-page.css";

/** Documents whose title or text has what is asked for, the best first. */
export function SearchPage() {
  const asked = new URLSearchParams(useSearch()).get("q") ?? "";
  useTitle(`Search for ${asked}`);
  const list = useInfiniteQuery({
    queryKey: [...documentsKey, "search", asked],
    queryFn: ({ pageParam }) =>
      client.documents.search({ q: asked, ...(pageParam && { cursor: pageParam }) }),
    initialPageParam: "",
    getNextPageParam: ({ next_cursor }) => next_cursor,
    enabled: asked !== "",
  });
  const found = list.data?.pages.flatMap(({ items }) => items);
  return (
    <>
      <div className="page-head">
        <h1>Search</h1>
      </div>
      {asked === "" && (
        <Empty title="What are you looking for?">
          <p>
            Type words into the field above: documents that have all of them are found. “In quotes”, as it
            stands there.
          </p>
        </Empty>
      )}
      {asked !== "" && list.isPending && <Waiting label="Searching" />}
      {list.isError && <Fault error={list.error} retry={list.refetch} />}
      {found?.length === 0 && (
        <Empty title={`Nothing has “${asked}”`}>
          <p>Try fewer words, or the beginning of one. A change is found some seconds after it was made.</p>
        </Empty>
      )}
      {found && found.length > 0 && (
        <Rows>
          {found.map(({ id, updated_at, highlights }) => (
            <Row
              key={id}
              title={
                <Link href={`/documents/${id}`}>
                  <Marked pieces={highlights.title} />
                </Link>
              }
              note={
                <p className="search-excerpt">
                  <Marked pieces={highlights.excerpt} />
                </p>
              }
            >
              <span className="row-note">
                <Ago time={updated_at} />
              </span>
            </Row>
          ))}
        </Rows>
      )}
      <ShowMore list={list} />
    </>
  );
}

type Pieces = Found["items"][number]["highlights"]["title"];

function Marked({ pieces }: { pieces: Pieces }) {
  return pieces.map(({ text, hit }, index) =>
    // biome-ignore lint/suspicious/noArrayIndexKey: pieces of one text, which come and go together
    hit ? <mark key={index}>{text}</mark> : <span key={index}>{text}</span>,
  );
}
