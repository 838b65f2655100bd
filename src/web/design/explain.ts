import { MateriError } from "../../client/index.ts";

/** What went wrong, for people: what the service says of it, unless it is about something that they cannot see. */
export function explain(error: unknown): string {
  if (!(error instanceof MateriError)) return "Something went wrong in this page. Reload it and try again.";
  switch (error.code) {
    case "network":
      return "The service cannot be reached. Check your connection and try again.";
    case "timeout":
      return "The service took too long to answer. Try again.";
    case "not_found":
      return "It is not there, or you have no access to it.";
    case "reauthentication_required":
      return "Nothing was changed: this needs a proof of who you are.";
    case "rate_limited":
      return `Too many attempts. Try again ${inSeconds(error.retryMs)}.`;
    case "invalid_credentials":
      return "The e-mail address or the password is wrong.";
    case "internal":
    case "bad_answer":
      return `Something went wrong in the service. Try again${error.requestId ? `; if it stays, name request ${error.requestId}` : ""}.`;
    default:
      return error.message;
  }
}

/** What is wrong with one field of what was sent; undefined if nothing is. */
export function faultOf(error: unknown, field: string): string | undefined {
  if (!(error instanceof MateriError)) return undefined;
  return error.errors.find(({ path }) => path[0] === field)?.message;
}

const inSeconds = (ms = 0): string =>
  ms < 1_000
    ? "in a moment"
    : `in ${ms < 90_000 ? `${Math.ceil(ms / 1_000)} seconds` : `${Math.ceil(ms / 60_000)} minutes`}`;
