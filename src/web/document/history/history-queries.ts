import { infiniteQueryOptions, keepPreviousData, queryOptions } from "@tanstack/react-query";
import { items, type MateriClient } from "../../../client/index.ts";

// What was is not changed any more, but for redactions: it is kept as long as the page is open.
const forever = Number.POSITIVE_INFINITY;

/** A document at a version. */
export const versionQuery = (client: MateriClient, id: string, version: number) =>
  queryOptions({
    queryKey: ["version", id, version],
    queryFn: () => client.history.version(id, version),
    staleTime: forever,
    placeholderData: keepPreviousData,
  });

export const diffQuery = (client: MateriClient, id: string, from: number, to: number) =>
  queryOptions({
    queryKey: ["diff", id, from, to],
    queryFn: () => client.history.diff(id, { from, to }),
    staleTime: forever,
    placeholderData: keepPreviousData,
  });

/** Who wrote which characters of a version. */
export const blameQuery = (client: MateriClient, id: string, version: number) =>
  queryOptions({
    queryKey: ["blame", id, version],
    queryFn: async () => {
      const spans = [];
      for (let from: number | null = 0; from !== null; ) {
        const part: Awaited<ReturnType<typeof client.history.blame>> = await client.history.blame(id, {
          version,
          from,
        });
        spans.push(...part.spans);
        from = part.next_from;
      }
      return spans;
    },
    staleTime: forever,
    placeholderData: keepPreviousData,
  });

export const changesQuery = (client: MateriClient, id: string) =>
  infiniteQueryOptions({
    queryKey: ["changes", id],
    queryFn: ({ pageParam }) => client.history.changes(id, pageParam ? { cursor: pageParam } : {}),
    initialPageParam: "",
    getNextPageParam: ({ next_cursor }) => next_cursor,
  });

export const namedVersionsQuery = (client: MateriClient, id: string) =>
  queryOptions({
    queryKey: ["named-versions", id],
    queryFn: () => Array.fromAsync(items((page) => client.history.named(id, page))),
  });
