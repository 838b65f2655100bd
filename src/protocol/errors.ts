/**
 * Every error code of the service, with the HTTP status it has over REST. Codes are API; texts are not.
 * In the socket protocol the same codes come in `error` frames.
 */
export const errorStatus = {
  // Requests
  invalid_request: 400,
  validation_failed: 422,
  not_found: 404,
  method_not_allowed: 405,
  unsupported_media_type: 415,
  payload_too_large: 413,
  precondition_failed: 412,
  precondition_required: 428,
  idempotency_key_reused: 422,
  idempotency_in_flight: 409,
  upgrade_required: 426,
  internal: 500,
  rate_limited: 429,
  unavailable: 503,
  // Who is asking
  unauthenticated: 401,
  invalid_credentials: 401,
  invalid_token: 401,
  forbidden: 403,
  insufficient_scope: 403,
  too_many_tokens: 409,
  origin_not_allowed: 403,
  reauthentication_required: 403,
  email_taken: 409,
  // Signing in with an OpenID provider
  not_configured: 501,
  oauth_flow_unknown: 400,
  oauth_refused: 403,
  oauth_failed: 502,
  email_unverified: 403,
  account_exists: 409,
  identity_taken: 409,
  already_linked: 409,
  last_sign_in: 409,
  weak_password: 422,
  invalid_link: 400,
  // Workspaces
  quota_exceeded: 403,
  last_owner: 409,
  personal_workspace: 409,
  invalid_invitation: 404,
  webhook_disabled: 409,
  // Operations
  invalid_frame: 400,
  invalid_operation: 400,
  out_of_range: 400,
  splits_surrogate: 400,
  operation_too_large: 413,
  document_too_large: 413,
  storage_full: 507,
  base_ahead: 400,
  seq_gap: 400,
  seq_reused: 409,
  too_old: 409,
  hello_required: 400,
  expected_text_absent: 409,
  expected_text_ambiguous: 409,
  overlapping_edits: 422,
  slow_down: 429,
  user_mismatch: 403,
} as const;

export type ErrorCode = keyof typeof errorStatus;
