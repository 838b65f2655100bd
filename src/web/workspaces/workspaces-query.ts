import { queryOptions } from "@tanstack/react-query";
import { items } from "../../client/index.ts";
import { client } from "../client.ts";

/** All workspaces that one is in; a person is in at most a hundred. */
export const workspacesQuery = queryOptions({
  queryKey: ["workspaces"],
  queryFn: () => Array.fromAsync(items((page) => client.workspaces.list({ ...page, limit: 100 }))),
});
