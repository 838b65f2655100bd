import type { Scope } from "../../client/index.ts";

/** What a token may be for. */
export const scopeNames: Record<Scope, string> = {
  "documents:read": "read documents",
  "documents:write": "read and write documents",
};
