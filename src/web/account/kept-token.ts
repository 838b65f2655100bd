import { useLinkToken } from "./link-token.ts";

/** The token of a link that is worth something only to one who is signed in: this tab keeps it over the way to the sign-in page. */
export function useKeptToken(name: string): [token: string, forget: () => void] {
  const key = `materi.link.${name}`;
  const linked = useLinkToken();
  if (linked) sessionStorage.setItem(key, linked);
  return [linked || (sessionStorage.getItem(key) ?? ""), () => sessionStorage.removeItem(key)];
}
