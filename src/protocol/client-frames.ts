import type { Operation } from "../ot/operation.ts";
import { parseOperation } from "../ot/parse.ts";
import type { ErrorCode } from "./errors.ts";
import { limits } from "./limits.ts";
import { decodePresence, type PresenceUpdate } from "./presence.ts";

// What clients send: docs/protocol.md tells it in prose, frame-schemas.ts as schemas.

/** Subscribes the socket and says what the client has: `since`, its version; `lastSeq`, a submission without an ack. */
export interface Hello {
  type: "hello";
  clientId: string;
  since?: number;
  /** Of which storage `since` is a version. */
  epoch?: string;
  lastSeq?: number;
  /** It wants the frames of frame-form.ts. */
  short?: boolean;
}

/** One operation, made at version `base`; `seq` counts 1, 2, 3… per client id. A resend is the same frame again. */
export interface Submit {
  type: "submit";
  seq: number;
  base: number;
  operation: Operation;
}

/** The seed's frame: an edit at the current version (positions past the end mean the end), or at `baseVersion`. */
export interface SeedEdit {
  type: "seed";
  position: number;
  deleted: number;
  inserted: string;
  userId?: string;
  baseVersion?: number;
}

/** A new access token for an open socket, which goes on as before. */
export interface Auth {
  type: "auth";
  token: string;
}

/** The client's text at `version` was not the server's. It goes on from a snapshot; this is for who looks for the fault. */
export interface Report {
  type: "report";
  version: number;
  /** Of the client's text without its own edits that are not acknowledged; absent if it could not go on at all. */
  hash?: number;
  /** Of the server's, as the server told. */
  expected?: number;
  /** What the client took in since its text was last the server's, the newest last. */
  operations: unknown[];
}

/** A frame that is refused. `seq` is that of the submission, where it could be read; `seed` if it had the seed's form. */
export interface Refused {
  type: "refused";
  code: ErrorCode;
  detail: string;
  seq?: number;
  seed?: boolean;
}

/** What a message from a client turned out to be. `unknown` is ignored (law WR-1). */
export type ClientFrame =
  | Hello
  | Submit
  | PresenceUpdate
  | SeedEdit
  | Auth
  | Report
  | Refused
  | { type: "unknown" };

const clientIdForm = /^[\w.:-]{1,64}$/;

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

const refused = (code: ErrorCode, detail: string, seq?: unknown): Refused =>
  isCount(seq) ? { type: "refused", code, detail, seq } : { type: "refused", code, detail };

/** Reads one message of a client (law OT-5: until here it is `unknown`). Never throws. */
export function decodeClientFrame(message: string): ClientFrame {
  if (message.length > limits.frameUnits) {
    return refused("payload_too_large", `a frame has at most ${limits.frameUnits} UTF-16 units`);
  }
  let frame: unknown;
  try {
    frame = JSON.parse(message);
  } catch {
    return refused("invalid_frame", "the frame is not JSON");
  }
  if (typeof frame !== "object" || frame === null || Array.isArray(frame)) {
    return refused("invalid_frame", "a frame is a JSON object");
  }
  const fields = frame as Record<string, unknown>;
  if (fields.type === "submit") return decodeSubmit(fields);
  if (fields.type === "presence") {
    const update = decodePresence(fields);
    return "code" in update ? refused(update.code, update.detail) : update;
  }
  if (fields.type === "hello") return decodeHello(fields);
  if (fields.type === "auth") return decodeAuth(fields);
  if (fields.type === "report") return decodeReport(fields, message.length);
  if (typeof fields.type === "string") return { type: "unknown" };
  if (fields.type === undefined && fields.op_type !== undefined) return decodeSeedEdit(fields);
  if (fields.type === undefined && fields.submit !== undefined) return decodeShortSubmit(fields.submit);
  return refused("invalid_frame", "a frame has a `type`, or the seed's `op_type`");
}

function decodeSubmit({ seq, base, op }: Record<string, unknown>): Submit | Refused {
  if (!isCount(seq) || seq === 0) return refused("invalid_frame", "`seq` is an integer from 1");
  if (!isCount(base)) return refused("invalid_frame", "`base` is a version: an integer from 0", seq);
  const parsed = parseOperation(op, { insertUnits: limits.insertUnits, parts: limits.operationParts });
  if (!parsed.ok) return refused(parsed.code, parsed.detail, seq);
  return { type: "submit", seq, base, operation: parsed.operation };
}

/** `submit` in the short form, which everybody may send; what stands behind the operation is ignored. */
function decodeShortSubmit(submit: unknown): Submit | Refused {
  if (!Array.isArray(submit)) return refused("invalid_frame", "`submit` is [seq, base, op]");
  const [seq, base, op] = submit;
  return decodeSubmit({ seq, base, op });
}

function decodeHello({ client_id, since, epoch, last_seq, short }: Record<string, unknown>): Hello | Refused {
  if (typeof client_id !== "string" || !clientIdForm.test(client_id)) {
    return refused("invalid_frame", "`client_id` is 1 to 64 of the characters A–Z a–z 0–9 _ . : -");
  }
  const hello: Hello = { type: "hello", clientId: client_id };
  if (since !== undefined) {
    if (!isCount(since)) return refused("invalid_frame", "`since` is a version: an integer from 0");
    hello.since = since;
  }
  if (epoch !== undefined) {
    if (typeof epoch !== "string" || epoch.length > limits.epochUnits) {
      return refused("invalid_frame", "`epoch` is the one that a welcome told");
    }
    hello.epoch = epoch;
  }
  if (last_seq !== undefined) {
    if (!isCount(last_seq)) return refused("invalid_frame", "`last_seq` is an integer from 0");
    hello.lastSeq = last_seq;
  }
  if (short !== undefined) {
    if (typeof short !== "boolean") return refused("invalid_frame", "`short` is true or false");
    hello.short = short;
  }
  return hello;
}

function decodeReport(
  { version, hash, expected, operations }: Record<string, unknown>,
  units: number,
): Report | Refused {
  if (!isCount(version)) return refused("invalid_frame", "`version` is an integer from 0");
  if (!Array.isArray(operations) || operations.length > limits.reportOperations) {
    return refused("invalid_frame", `\`operations\` is a list of at most ${limits.reportOperations}`);
  }
  if (units > 2 * limits.reportUnits) {
    return refused("payload_too_large", `a report has at most ${2 * limits.reportUnits} UTF-16 units`);
  }
  const report: Report = { type: "report", version, operations };
  if (hash !== undefined) {
    if (!isCount(hash)) return refused("invalid_frame", "`hash` is an integer from 0");
    report.hash = hash;
  }
  if (expected !== undefined) {
    if (!isCount(expected)) return refused("invalid_frame", "`expected` is an integer from 0");
    report.expected = expected;
  }
  return report;
}

function decodeAuth({ token }: Record<string, unknown>): Auth | Refused {
  if (typeof token !== "string") return refused("invalid_frame", "`token` is an access token");
  if (token.length > limits.accessTokenUnits) {
    return refused("invalid_token", `a token has at most ${limits.accessTokenUnits} UTF-16 units`);
  }
  return { type: "auth", token };
}

/** Optional fields may also be null, as serializers of other languages write them. */
function decodeSeedEdit(fields: Record<string, unknown>): SeedEdit | Refused {
  const refuse = (code: ErrorCode, detail: string): Refused => ({
    type: "refused",
    code,
    detail,
    seed: true,
  });
  const { op_type, position } = fields;
  const content = fields.content ?? "";
  const length = fields.length ?? 0;
  const userId = fields.user_id ?? "";
  const kind = typeof op_type === "string" ? op_type.toLowerCase() : op_type;
  if (kind !== "insert" && kind !== "delete" && kind !== "replace") {
    return refuse("invalid_operation", "`op_type` is insert, delete or replace");
  }
  if (!isCount(position)) return refuse("invalid_operation", "`position` is an integer from 0");
  if (typeof content !== "string" || !content.isWellFormed()) {
    return refuse("invalid_operation", "`content` is a string without lone surrogates");
  }
  if (content.length > limits.insertUnits) {
    return refuse("operation_too_large", `an operation inserts at most ${limits.insertUnits} UTF-16 units`);
  }
  if (!isCount(length)) return refuse("invalid_operation", "`length` is an integer from 0");
  if (kind !== "delete" && content === "") return refuse("invalid_operation", `${kind} needs \`content\``);
  if (kind !== "insert" && length === 0) return refuse("invalid_operation", `${kind} needs \`length\``);
  if (typeof userId !== "string") return refuse("invalid_frame", "`user_id` is a string");
  const edit: SeedEdit = {
    type: "seed",
    position,
    deleted: kind === "insert" ? 0 : length,
    inserted: kind === "delete" ? "" : content,
  };
  if (userId !== "") edit.userId = userId;
  if (fields.base_version !== undefined && fields.base_version !== null) {
    if (!isCount(fields.base_version)) return refuse("invalid_frame", "`base_version` is an integer from 0");
    edit.baseVersion = fields.base_version;
  }
  return edit;
}

/** A submission as JSON, in the short form where the server knows it. */
export const encodeSubmit = ({ seq, base, operation: op }: Omit<Submit, "type">, short = false): string =>
  JSON.stringify(short ? { submit: [seq, base, op] } : { type: "submit", seq, base, op });

export const encodeHello = (hello: {
  clientId: string;
  since?: number | undefined;
  epoch?: string | undefined;
  lastSeq?: number | undefined;
  short?: boolean;
}): string => {
  const { clientId: client_id, since, epoch, lastSeq: last_seq, short } = hello;
  return JSON.stringify({ type: "hello", client_id, since, epoch, last_seq, short });
};

export const encodeReport = (report: {
  version: number;
  hash?: number | undefined;
  expected?: number | undefined;
  operations: readonly unknown[];
}): string => JSON.stringify({ type: "report", ...report });

export const encodeAuth = (token: string): string => JSON.stringify({ type: "auth", token } satisfies Auth);
