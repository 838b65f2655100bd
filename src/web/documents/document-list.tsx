import { useInfiniteQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { Link } from "wouter";
import { Fault, Waiting } from "../design/notice.tsx";
import { ShowMore } from "../design/show-more.tsx";
import { Ago } from "../design/time.tsx";
import { type DocumentFilter, documentsQuery } from "./documents-query.ts";
import "./document-list.css";

export interface ListedDocument {
  id: string;
  title: string;
  workspace_id: string;
  owner_id: string;
  updated_at: string;
}

interface DocumentListProps {
  filter: DocumentFilter;
  /** What is said where there is none. */
  empty: ReactNode;
  /** What can be done with one. */
  actions?: (document: ListedDocument) => ReactNode;
}

export function DocumentList({ filter, empty, actions }: DocumentListProps) {
  const list = useInfiniteQuery(documentsQuery(filter));
  if (list.isPending) return <Waiting label="Loading documents" />;
  if (list.isError) return <Fault error={list.error} retry={list.refetch} />;
  const documents = list.data.pages.flatMap(({ items }) => items);
  if (documents.length === 0) return empty;
  return (
    <>
      <ul className="documents">
        {documents.map((document) => (
          <li key={document.id}>
            <Link href={`/documents/${document.id}`} className="documents-link">
              <span className="documents-title">{document.title}</span>
              <span className="documents-time">
                <Ago time={document.updated_at} />
              </span>
            </Link>
            {actions?.(document)}
          </li>
        ))}
      </ul>
      <ShowMore list={list} />
    </>
  );
}
