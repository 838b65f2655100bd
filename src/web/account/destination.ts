/** Where somebody goes when they are signed in: where they wanted to, if that is a place of this app. */
export function destination(search: string): string {
  const next = new URLSearchParams(search).get("next");
  // "//host" and "/\host" are addresses of another host.
  return next && /^\/(?![/\\])/.test(next) ? next : "/";
}
