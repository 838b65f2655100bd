import { queryOptions } from "@tanstack/react-query";
import { items } from "../../client/index.ts";
import { client } from "../client.ts";

/** Begins the key of everything that is known of workspaces. */
const key = ["workspaces"] as const;

/** All workspaces that one is in; a person is in at most a hundred. */
export const workspacesQuery = queryOptions({
  queryKey: key,
  queryFn: () => Array.fromAsync(items((page) => client.workspaces.list({ ...page, limit: 100 }))),
});

export const workspaceQuery = (id: string) =>
  queryOptions({ queryKey: [...key, id], queryFn: () => client.workspaces.get(id) });

/** All who are in one; at most five hundred. */
export const membersQuery = (id: string) =>
  queryOptions({
    queryKey: [...key, id, "members"],
    queryFn: () => Array.fromAsync(items((page) => client.workspaces.members(id, { ...page, limit: 100 }))),
  });

/** All invitations into one that are open; at most a hundred. */
export const invitationsQuery = (id: string) =>
  queryOptions({
    queryKey: [...key, id, "invitations"],
    queryFn: () =>
      Array.fromAsync(items((page) => client.workspaces.invitations(id, { ...page, limit: 100 }))),
  });

/** All webhooks of one; at most twenty. */
export const webhooksQuery = (id: string) =>
  queryOptions({
    queryKey: [...key, id, "webhooks"],
    queryFn: () => Array.fromAsync(items((page) => client.webhooks.list(id, { ...page, limit: 100 }))),
  });
