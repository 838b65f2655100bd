import { Problem } from "../platform/problem.ts";

/** The entity tag of a document's text at a version. It is strong: the same version is the same text (law RM-1). */
export function entityTag(version: number): string {
  return `"v${version}"`;
}

/**
 * The version that an `If-Match` header asks for (RFC 9110 §13.1.1). Undefined without the header and for `*`, which any
 * document matches. A tag that none of our versions can have (weak, or of another form) fails the precondition; a list
 * of tags is refused, since a write is made upon one version.
 */
export function versionToMatch(header: string | undefined): number | undefined {
  const value = header?.trim();
  if (value === undefined || value === "*") return undefined;
  if (!/^(W\/)?"[^"]*"$/.test(value)) {
    throw new Problem("invalid_request", 'If-Match must be one entity tag, as "v42", or *.');
  }
  const version = /^"v(0|[1-9]\d{0,14})"$/.exec(value)?.[1];
  if (version === undefined)
    throw new Problem("precondition_failed", "No version of a document has this tag.");
  return Number(version);
}

/**
 * The versions whose text the caller has, by an `If-None-Match` header (RFC 9110 §13.1.2), compared weakly; "any" for `*`.
 * What is no tag of ours matches nothing.
 */
export function versionsHeld(header: string | undefined): number[] | "any" {
  if (header?.trim() === "*") return "any";
  const tags = (header ?? "").matchAll(/(?:^|,)\s*(?:W\/)?"v(0|[1-9]\d{0,14})"(?=\s*(?:,|$))/g);
  return [...tags].map(([, version]) => Number(version));
}
