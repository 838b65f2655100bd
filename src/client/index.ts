// The library as applications import it: `materi/client`.

export { difference } from "../ot/difference.ts";
export type { Operation } from "../ot/operation.ts";
export { deletion, insertion, replacement } from "../ot/operation.ts";
export type { ErrorCode } from "../protocol/errors.ts";
export type { Role } from "../protocol/server-frames.ts";
export type {
  Connection,
  EndCode,
  Other,
  SaveStatus,
  SessionEvents,
  SessionOptions,
  SetAside,
} from "./document-session.ts";
export { DocumentSession, ReadOnlyError } from "./document-session.ts";
export type { ClientOptions } from "./materi-client.ts";
export { items, MateriClient } from "./materi-client.ts";
export type { Authentication } from "./rest/authentication.ts";
export type { ClientErrorCode, FieldError } from "./rest/materi-error.ts";
export { MateriError } from "./rest/materi-error.ts";
export type { Calls } from "./rest/methods.ts";
export type { RequestOptions } from "./rest/requests.ts";
export type * from "./rest/routes.ts";
