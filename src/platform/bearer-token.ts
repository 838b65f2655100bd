/** The token of an Authorization header (RFC 6750 §2.1; the scheme's case is free, RFC 9110 §11.1). */
export function bearerToken(authorization: string | undefined): string | undefined {
  return /^bearer +(\S+) *$/i.exec(authorization ?? "")?.[1];
}
