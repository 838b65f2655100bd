import { infiniteQueryOptions } from "@tanstack/react-query";
import { client } from "../client.ts";

/** Which documents a list shows, the last changed first. */
export interface DocumentFilter {
  workspace_id?: string;
  shared?: "true";
  deleted?: "true";
}

export const documentsKey = ["documents"] as const;

export const documentsQuery = (filter: DocumentFilter) =>
  infiniteQueryOptions({
    queryKey: [...documentsKey, filter],
    queryFn: ({ pageParam }) =>
      client.documents.list({
        ...filter,
        order: "updated",
        limit: 50,
        ...(pageParam && { cursor: pageParam }),
      }),
    initialPageParam: "",
    getNextPageParam: ({ next_cursor }) => next_cursor,
  });
