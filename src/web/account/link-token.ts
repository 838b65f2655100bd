import { useEffect, useState } from "react";

/**
 * The token in the link of a message, `#token=…`, which browsers send to nobody. It is taken out of the address, so that
 * it is neither in the history nor in a bookmark.
 */
export function useLinkToken(): string {
  const [token] = useState(() => new URLSearchParams(location.hash.slice(1)).get("token") ?? "");
  useEffect(() => {
    if (location.hash) history.replaceState(history.state, "", location.pathname + location.search);
  }, []);
  return token;
}
