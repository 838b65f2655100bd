import { queryOptions } from "@tanstack/react-query";
import { client } from "../client.ts";

/** Which ways in this service offers. */
export const signInMethodsQuery = queryOptions({
  queryKey: ["sign-in methods"],
  queryFn: () => client.account.signInMethods(),
  staleTime: Number.POSITIVE_INFINITY,
});
