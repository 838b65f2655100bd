import { QueryClient } from "@tanstack/react-query";
import { useSyncExternalStore } from "react";
import { MateriClient, MateriError } from "../client/index.ts";

/** The service that this page is from. */
export const client = new MateriClient();

/** What the service said. The library tries again by itself where that helps, so nothing here does. */
export const queries = new QueryClient({
  defaultOptions: {
    queries: { retry: false, staleTime: 5_000, throwOnError: false },
    mutations: { retry: false },
  },
});

/** Who is signed in; undefined for nobody. */
export const useUser = () =>
  useSyncExternalStore(
    (changed) => client.auth.onUser(changed),
    () => client.auth.user,
  );

/** The same, on pages that are for people who are signed in. */
export function useSignedIn() {
  const user = useUser();
  if (!user) throw new MateriError("unauthenticated", "Nobody is signed in.");
  return user;
}
