import { testSecrets } from "./secrets.ts";

/** What a line of the service's log may never carry, by what it is. */
const secrets: Record<string, RegExp> = {
  "an access token": /eyJ[\w-]{8,}\.[\w-]{8,}/,
  "a refresh token": /mr1\.[0-9a-f]{8}/,
  "a personal access token": /\bmat_[\w-]{8}/,
  "an Authorization header": /\bbearer [\w.-]{8}/i,
  "a random token, or a hash of one": /(?<![\w-])[\w-]{43}(?![\w-])/,
  "a secret of an authenticator": /otpauth:|(?<![A-Z2-7])[A-Z2-7]{32}(?![A-Z2-7])/,
  "a recovery code": /([0-9A-HJKMNP-TV-Z]{4}-){5}[0-9A-HJKMNP-TV-Z]{4}/,
  "a password": /SecurePass123!|correct horse battery|a long enough pass|"password":/,
  "a password's hash": /\$scrypt\$/,
  "a private key": /"d":|PRIVATE KEY/,
  "a secret of the service": new RegExp(
    `${testSecrets.REFRESH_SECRET}|${testSecrets.ENCRYPTION_SECRET}|${testSecrets.ADMIN_TOKEN}`,
  ),
  "an e-mail address": /[\w.+-]+@[\w-]+\.[a-z]{2,}/i,
  "SQL, which has its parameters with it": /\b(insert into|delete from|select ["'(*]|update ["'])/i,
};

/** What the line has that it may not have. */
export function secretsIn(line: string): string[] {
  return Object.entries(secrets).flatMap(([name, pattern]) => (pattern.test(line) ? [name] : []));
}
