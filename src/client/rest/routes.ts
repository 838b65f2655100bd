// Made by `npm run rest-types` from /openapi.json, and so from the schemas in src/protocol/rest. Not to be edited.

export type Acceptance = {
  token: string;
};

export type AccountDeletion = {
  /** What becomes of the documents of one's personal workspace. */
  documents: "delete" | {
    hand_over_to: string;
  };
};

export type AccountExport = {
  exported_at: string;
  account?: User | undefined;
  identities?: {
    provider: string;
    subject: string;
    email: string;
    created_at: string;
  }[] | undefined;
  second_factor?: SecondFactor | undefined;
  sessions?: {
    id: string;
    /** When the person signed in. */
    created_at: string;
    /** When its tokens were last renewed: every 10 minutes, in use. */
    last_used_at: string;
    /** When it ends if it is not used any more. */
    expires_at: string;
    /** Of the network that it came from. */
    address: string | null;
    /** What the browser or program calls itself. */
    user_agent: string | null;
  }[] | undefined;
  personal_tokens?: {
    id: string;
    name: string;
    scope: string;
    created_at: string;
    expires_at: string;
    last_used_at: string | null;
  }[] | undefined;
  workspaces?: {
    id: string;
    name: string;
    role: string;
    member_since: string;
  }[] | undefined;
  audit?: AuditEvent[] | undefined;
  documents: Document[];
  /** Null on the last page. */
  next_cursor: string | null;
};

export type AuditEvent = {
  id: string;
  /** Such as session.started; there may be new ones. */
  event: string;
  /** The sign-in that did it, or that it was done to. */
  session_id: string | null;
  /** Of the network that it came from. */
  address: string | null;
  /** What the browser or program calls itself. */
  user_agent: string | null;
  created_at: string;
};

export type AuditPage = {
  items: AuditEvent[];
  /** Null on the last page. */
  next_cursor: string | null;
};

export type Author = {
  user_id: string;
  /** Null: the account was deleted. */
  name: string | null;
  /** Typed by a person, written by a program, or brought in from elsewhere. */
  kind: "person" | "program" | "import";
};

export type AuthorShare = {
  user_id: string;
  /** Null: the account was deleted. */
  name: string | null;
  /** Typed by a person, written by a program, or brought in from elsewhere. */
  kind: "person" | "program" | "import";
  /** How many. */
  operations: number;
  /** UTF-16 code units. */
  inserted: number;
  /** UTF-16 code units. */
  deleted: number;
};

export type Authorization = {
  /** Where to send the browser. */
  authorization_url: string;
};

export type Blame = {
  /** Of the text. */
  version: number;
  spans: {
    /** First UTF-16 code unit. */
    from: number;
    /** The one after the last. */
    to: number;
    /** Null: older than the history that is kept. */
    author: {
      user_id: string;
      /** Null: the account was deleted. */
      name: string | null;
      /** Typed by a person, written by a program, or brought in from elsewhere. */
      kind: "person" | "program" | "import";
    } | null;
  }[];
  /** Where the next answer begins; null at the end of the text. */
  next_from: number | null;
};

export type Change = {
  /** Of the first operation. */
  first_version: number;
  /** Of the last operation: the text at this version is what the change came to. */
  last_version: number;
  started_at: string;
  ended_at: string;
  authors: AuthorShare[];
};

export type ChangePage = {
  /** A page may have fewer than were asked for. */
  items: Change[];
  /** Null on the last page. */
  next_cursor: string | null;
};

export type CodeProof = {
  /** Six digits of the authenticator, or a recovery code; blanks and dashes do not matter. */
  code: string;
};

export type CompactedHistory = {
  /** The oldest version from which clients can resume. */
  horizon: number;
  /** Size of the room's database now. */
  database_bytes: number;
};

export type ContentChange = {
  /** The version that the edits are made upon: from there they are moved over what others did since. Without it, the newest. */
  base_version?: number | undefined;
  /** All of them are of the text at the base, and none may touch another's span. */
  edits: {
    type: "splice";
    /** Where the span begins, in UTF-16 code units of the text at the base. */
    from: number;
    /** Where it ends: the first unit that is not in it. The same as `from` to insert. */
    to: number;
    /** What is put there. */
    text: string;
    /** What stands there; anything else is refused. */
    expected_text?: string | undefined;
  } | {
    type: "replace";
    /** What to look for: it must be there exactly once, or with `all` at least once. */
    expected_text: string;
    /** What is put there. */
    text: string;
    /** Replace it wherever it is. */
    all?: boolean | undefined;
  } | {
    type: "append";
    /** What is put there. */
    text: string;
  }[];
};

export type ContentChanged = {
  /** Of the text with the change. */
  version: number;
  /** Trace id of the operation that made the version (law TR-1). */
  trace_id: string;
  /** Whether the text also has edits of others that came after the base: read it again before the next change. */
  merged: boolean;
};

export type CreatedPersonalToken = {
  id: string;
  name: string;
  scopes: Scope[];
  created_at: string;
  expires_at: string;
  /** To the hour; null: never. */
  last_used_at: string | null;
  /** The token, shown this once: `mat_…`. */
  token: string;
};

export type CreatedShareLink = {
  id: string;
  document_id: string;
  name: string;
  /** Editors write, viewers read. */
  role: "editor" | "viewer";
  history: boolean;
  guests: boolean;
  created_by: string;
  created_at: string;
  expires_at: string | null;
  token: string;
  /** What to give to people. */
  url: string;
};

export type CreatedWebhook = {
  id: string;
  name: string;
  url: string;
  events: ("documents.created" | "documents.updated" | "documents.deleted" | "documents.restored" | "documents.erased" | "documents.shared" | "workspaces.created" | "workspaces.updated" | "workspaces.deleted" | "workspaces.restored" | "members.invited" | "members.added" | "members.changed" | "members.removed")[] | null;
  enabled: boolean;
  /** gone: it answered 410; failing: nothing has arrived for 5 days. */
  disabled_reason: "asked" | "gone" | "failing" | null;
  failing_since: string | null;
  /** Until when the secret before the newest signs, too. */
  old_secret_until: string | null;
  created_by: string;
  created_at: string;
  /** whsec_…, for the verification of signatures (Standard Webhooks). Shown this once. */
  secret: string;
};

export type Diff = {
  from: number;
  to: number;
  /** In the order of places, by lines and words. Together they turn one text into the other. */
  edits: {
    /** Where, in UTF-16 code units of the text at `from`. */
    at: number;
    deleted: string;
    inserted: string;
  }[];
};

export type Document = {
  id: string;
  title: string;
  workspace_id: string;
  owner_id: string;
  created_at: string;
  updated_at: string;
  content: string;
  /** How many operations the text has gone through. */
  version: number;
};

export type DocumentChange = {
  title?: string | undefined;
  content?: string | undefined;
};

export type DocumentPage = {
  items: DocumentSummary[];
  /** Null on the last page. */
  next_cursor: string | null;
};

export type DocumentPutBack = {
  /** The newest version. */
  version: number;
  /** Names the storage from now on. */
  epoch: string;
};

export type DocumentRewinding = {
  /** A moment of the last 30 days. */
  at: string;
};

export type DocumentRewound = {
  /** The newest version there is now. */
  version: number;
  /** Names the storage from now on. */
  epoch: string;
  /** Cloudflare's bookmark of the state that was there before. */
  before: string;
};

export type DocumentStats = {
  /** When the room was last loaded into memory; all counts begin there. */
  since: string;
  /** Rows of the room's database that were read. */
  rows_read: number;
  /** Rows that were written, each alarm that was set being one. */
  rows_written: number;
  /** Messages from sockets, without the pings that the platform answers. */
  frames_in: number;
  /** Messages to sockets. */
  frames_out: number;
  /** Bytes of the messages from sockets. */
  bytes_in: number;
  /** Bytes of the messages to sockets. */
  bytes_out: number;
  /** How often the document was read from the database. */
  loads: number;
  /** Commits. */
  flushes: number;
  /** Operations in those commits. */
  operations: number;
  /** How often the room's alarm rang. */
  alarms: number;
  /** Sockets that are open now. */
  sockets: number;
  /** Size of the room's database now. */
  database_bytes: number;
};

export type DocumentSummary = {
  id: string;
  title: string;
  workspace_id: string;
  owner_id: string;
  created_at: string;
  updated_at: string;
};

export type Duplication = {
  /** Else that of the original, with `Copy of` before it. */
  title?: string | undefined;
  workspace_id?: string | undefined;
};

export type EmailChange = {
  email: string;
};

export type EmailConfirmation = {
  /** What follows `#token=` in the link of the message. */
  token: string;
};

export type Ended = {
  /** Sessions that have ended now. */
  ended: number;
};

export type EnrolmentChallenge = {
  /** As the first step answered it. Absent: it is in the cookie of a browser that came back from Google. */
  challenge?: string | undefined;
};

export type EnrolmentStart = {
  /** Six digits of the authenticator, or a recovery code; blanks and dashes do not matter. */
  code?: string | undefined;
};

export type ForgotPassword = {
  email: string;
};

export type FrameDebugging = {
  /** After which it ends by itself. */
  seconds: number;
};

export type FramesShown = {
  /** When it ends. */
  until: string;
};

export type GoogleSignIn = {
  code: string;
  state?: string | undefined;
  iss?: string | undefined;
  /** For browsers: the refresh token is not in the answer but in an HttpOnly cookie, and taken from there. */
  cookie?: boolean | undefined;
};

export type Grant = {
  user_id: string;
  name: string;
  email: string;
  /** Editors write, viewers read. */
  role: "editor" | "viewer";
  granted_by: string;
  created_at: string;
};

export type GrantPage = {
  items: Grant[];
  /** Null on the last page. */
  next_cursor: string | null;
};

export type Identity = {
  provider: "google";
  /** As the provider told it when it was linked. */
  email: string;
  created_at: string;
};

export type IdentityList = {
  items: Identity[];
};

export type IntegrityReport = {
  /** Whether there are no faults. */
  sound: boolean;
  /** That was reached. */
  version: number;
  /** That it began with: what came before is trimmed. */
  horizon: number;
  /** That were replayed. */
  operations: number;
  /** Recorded texts that the replayed one was compared with. */
  points: number;
  faults: {
    version: number;
    what: string;
  }[];
};

export type Invitation = {
  id: string;
  email: string;
  role: "admin" | "editor" | "viewer";
  invited_by: string;
  created_at: string;
  expires_at: string;
};

export type InvitationPage = {
  items: Invitation[];
  /** Null on the last page. */
  next_cursor: string | null;
};

export type KeptHistory = {
  /** The newest operations, so many, are kept; null: none for their number. */
  operations: number | null;
  /** Operations are kept for so many days; null: none for their age. */
  days: number | null;
  /** The oldest version from which clients can resume. */
  horizon: number;
};

export type LinkOpening = {
  token: string;
  /** How a guest wants to be called; users have a name. */
  name?: string | undefined;
};

export type LinkStart = {
  /** Where the browser goes afterwards; `error` is added to it if something went wrong. */
  return_to?: string | undefined;
};

export type Login = {
  email: string;
  password: string;
  /** For browsers: the refresh token is not in the answer but in an HttpOnly cookie, and taken from there. */
  cookie?: boolean | undefined;
};

export type Logout = {
  refresh_token?: string | undefined;
  /** For browsers: the refresh token is not in the answer but in an HttpOnly cookie, and taken from there. */
  cookie?: boolean | undefined;
  /** Which sessions: this one, the person's others, or all of them. */
  scope?: "session" | "others" | "all" | undefined;
};

export type Member = {
  user_id: string;
  name: string;
  email: string;
  /** An admin is an owner who can neither make nor unmake owners, nor delete. */
  role: "owner" | "admin" | "editor" | "viewer";
  created_at: string;
};

export type MemberChange = {
  /** An admin is an owner who can neither make nor unmake owners, nor delete. */
  role: "owner" | "admin" | "editor" | "viewer";
};

export type MemberPage = {
  items: Member[];
  /** Null on the last page. */
  next_cursor: string | null;
};

export type Move = {
  workspace_id: string;
};

export type NamedVersion = {
  version: number;
  name: string;
  named_at: string;
  named_by: Author;
};

export type NamedVersionPage = {
  items: NamedVersion[];
  /** Null on the last page. */
  next_cursor: string | null;
};

export type NewDocument = {
  title: string;
  content?: string | undefined;
  workspace_id?: string | undefined;
};

export type NewGrant = {
  /** Of somebody's account, who has confirmed it. */
  email: string;
  /** Editors write, viewers read. */
  role: "editor" | "viewer";
};

export type NewInvitation = {
  email: string;
  role: "admin" | "editor" | "viewer";
};

export type NewPersonalToken = {
  /** For the person to know it by. */
  name: string;
  /** `documents:write` includes `documents:read`. */
  scopes: Scope[];
  expires_in_days?: number | undefined;
};

export type NewShareLink = {
  /** For people to tell links apart. */
  name: string;
  /** Editors write, viewers read. */
  role: "editor" | "viewer";
  /** Whether those who come by it may read how the text came to be. */
  history?: boolean | undefined;
  /** Whether it lets in people who are not signed in. */
  guests?: boolean | undefined;
  /** When it ends; null: when it is revoked. */
  expires_at?: string | null | undefined;
};

export type NewWebhook = {
  /** An https address with a public name. It answers 2xx; redirects are not followed. */
  url: string;
  name?: string | undefined;
  /** The types that it hears of; null: all. */
  events?: ("documents.created" | "documents.updated" | "documents.deleted" | "documents.restored" | "documents.erased" | "documents.shared" | "workspaces.created" | "workspaces.updated" | "workspaces.deleted" | "workspaces.restored" | "members.invited" | "members.added" | "members.changed" | "members.removed")[] | null | undefined;
};

export type NewWorkspace = {
  name: string;
};

export type OpenedLink = {
  document_id: string;
  /** Editors write, viewers read. */
  role: "editor" | "viewer";
  history: boolean;
  /** Null for who is signed in. */
  guest: {
    /** Who you are in this document. */
    user_id: string;
    name: string;
    /** For this document, over REST and sockets, in the place of an access token. */
    access_token: string;
    expires_at: string;
  } | null;
};

export type OperatedUser = {
  id: string;
  email: string;
  email_verified: boolean;
  name: string;
  /** Another way in than a password. */
  oauth_provider: "google" | null;
  /** Whether signing in takes a code as well. */
  second_factor: boolean;
  created_at: string;
  /** Sign-ins that are still good. */
  sessions: number;
};

export type OperationList = {
  /** The version of the first item; the k-th has from + k. */
  from: number;
  items: {
    op: (number | string)[];
    actor: number;
    seq: number;
    /** Trace id of the operation that made the version (law TR-1). */
    trace_id: string;
  }[];
  /** Who the numbers stand for. */
  actors: {
    actor: number;
    user_id: string;
    kind: "person" | "program" | "import";
  }[];
  /** The newest: if the items end before it, ask again. */
  version: number;
  /** Names the document's storage. Another one: it was restored, and the versions that the caller has are gone. */
  epoch: string;
  /** The oldest version that can be asked since. */
  horizon: number;
};

export type OperationRecordPage = {
  /** The newest version. */
  version: number;
  items: {
    version: number;
    /** When it was committed, to the second. */
    at: string;
    actor: number;
    seq: number;
    /** The version that it was made at; null: not known, for it is of a time when that was not kept. */
    base: number | null;
    /** How many accepted operations it was transformed over; null: not known, for it is of a time when that was not kept. */
    transforms: number | null;
    /** From being heard to its commit, rounded down to a power of two; null: less than 8, or not known. */
    latency_ms: number | null;
    /** As it was accepted. */
    op: (number | string)[];
    /** Law TR-1: what lines and spans about it bear. */
    trace_id: string;
    /** Of the text at its version, by a replay; null: an operation does not fit the text before it. */
    hash: number | null;
  }[];
  /** Who made them. */
  actors: {
    actor: number;
    client_id: string | null;
    user_id: string;
    kind: "person" | "program" | "import";
  }[];
  /** Where to go on; null: this was the end. */
  next_from: number | null;
};

export type PasswordChange = {
  current_password: string;
  new_password: string;
  /** Six digits of the authenticator, or a recovery code; blanks and dashes do not matter. */
  code?: string | undefined;
};

export type PasswordReset = {
  /** What follows `#token=` in the link of the message. */
  token: string;
  password: string;
};

export type PastVersion = {
  version: number;
  content: string;
  /** To the second. Null: what made it is not kept. */
  created_at: string | null;
  /** Whose operation made it of the version before. */
  author: {
    user_id: string;
    /** Null: the account was deleted. */
    name: string | null;
    /** Typed by a person, written by a program, or brought in from elsewhere. */
    kind: "person" | "program" | "import";
  } | null;
  /** Trace id of the operation that made the version (law TR-1). */
  trace_id: string | null;
};

export type PersonalToken = {
  id: string;
  name: string;
  scopes: Scope[];
  created_at: string;
  expires_at: string;
  /** To the hour; null: never. */
  last_used_at: string | null;
};

export type PersonalTokenList = {
  items: PersonalToken[];
};

export type Presence = {
  items: {
    user_id: string;
    name: string;
    kind: "person" | "program" | "import";
    role: "owner" | "editor" | "viewer";
    /** When the first of their sockets joined. */
    since: string;
  }[];
  /** Viewers of a large audience who are in no list, by socket: the first few exactly, more to within some percent. */
  audience: number;
};

export type Reauthentication = {
  password: string;
  /** Six digits of the authenticator, or a recovery code; blanks and dashes do not matter. */
  code?: string | undefined;
};

export type RecoveryCodes = {
  /** Ten, each of which stands in for the authenticator once. Shown this once. */
  recovery_codes: string[];
};

export type Redacted = {
  /** Of the document now; a new one, if the span was in its text. */
  version: number;
  /** Trace id of the operation that made the version (law TR-1). */
  trace_id: string;
};

export type Redaction = {
  /** Of the text that the span is in. */
  version: number;
  /** Where the span begins, in UTF-16 code units. */
  from: number;
  /** Where it ends: the first unit that is not in it. */
  to: number;
};

export type Refresh = {
  refresh_token?: string | undefined;
  /** For browsers: the refresh token is not in the answer but in an HttpOnly cookie, and taken from there. */
  cookie?: boolean | undefined;
};

export type Registration = {
  email: string;
  password: string;
  name: string;
  /** For browsers: the refresh token is not in the answer but in an HttpOnly cookie, and taken from there. */
  cookie?: boolean | undefined;
};

export type Restoration = {
  /** To go back to. */
  version: number;
};

export type Restored = {
  /** Of the document now; the one it had, if the text was the same. */
  version: number;
  /** Trace id of the operation that made the version (law TR-1). */
  trace_id: string;
};

export type Retention = {
  /** The newest operations, so many, are kept; null: none for their number. */
  operations: number | null;
  /** Operations are kept for so many days; null: none for their age. */
  days: number | null;
};

export type Scope = "documents:read" | "documents:write";

export type SearchPage = {
  items: {
    id: string;
    title: string;
    workspace_id: string;
    owner_id: string;
    created_at: string;
    updated_at: string;
    highlights: {
      /** The title, in pieces of plain text. */
      title: {
        text: string;
        /** Whether this is what was asked for. */
        hit: boolean;
      }[];
      /** The passage of the text with most of what was asked for, or its beginning, in pieces of plain text. */
      excerpt: {
        text: string;
        /** Whether this is what was asked for. */
        hit: boolean;
      }[];
    };
  }[];
  /** Null on the last page. */
  next_cursor: string | null;
};

export type SecondFactor = {
  /** Null: it is off. */
  enabled_at: string | null;
  recovery_codes_left: number;
};

export type SecondFactorChallenge = {
  /** Identifies the kind of problem; a page about it is served there. */
  type: string;
  title: string;
  status: number;
  detail: string;
  error: "second_factor_required" | "second_factor_enrolment_required";
  /** The same as in the header x-request-id and in the service's log. */
  request_id: string;
  /** Of invalid_token: it is no token at all; its signature is not one of this service's keys; its time is over; it was issued for something else; its session or it itself was ended. */
  reason?: "malformed" | "unverified" | "expired" | "foreign" | "ended" | undefined;
  /** What is wrong with which field of the request. */
  errors?: {
    path: (string | number)[];
    message: string;
    code: string;
  }[] | undefined;
  /** Proves that the first factor was right. Works once. */
  challenge: string;
  /** Seconds until the challenge ends. */
  expires_in: number;
};

export type SecondFactorEnrolment = {
  /** Base32, for people to type. Shown this once. */
  secret: string;
  /** `otpauth://totp/…`, to be shown as a QR code. Shown this once. */
  uri: string;
  /** Until when a code of it has to be given. */
  expires_at: string;
};

export type SecondStep = {
  /** As the first step answered it. Absent: it is in the cookie of a browser that came back from Google. */
  challenge?: string | undefined;
  /** Six digits of the authenticator, or a recovery code; blanks and dashes do not matter. */
  code: string;
  /** For browsers: the refresh token is not in the answer but in an HttpOnly cookie, and taken from there. */
  cookie?: boolean | undefined;
};

export type Session = {
  id: string;
  /** Whether it is the one that asks. */
  current: boolean;
  /** When the person signed in. */
  created_at: string;
  /** When its tokens were last renewed: every 10 minutes, in use. */
  last_used_at: string;
  /** When it ends if it is not used any more. */
  expires_at: string;
  /** Of the network that it came from. */
  address: string | null;
  /** What the browser or program calls itself. */
  user_agent: string | null;
};

export type SessionPage = {
  items: Session[];
  /** Null on the last page. */
  next_cursor: string | null;
};

export type ShareLink = {
  id: string;
  document_id: string;
  name: string;
  /** Editors write, viewers read. */
  role: "editor" | "viewer";
  history: boolean;
  guests: boolean;
  created_by: string;
  created_at: string;
  expires_at: string | null;
};

export type ShareLinkChange = {
  /** For people to tell links apart. */
  name?: string | undefined;
  /** Editors write, viewers read. */
  role?: "editor" | "viewer" | undefined;
  /** Whether those who come by it may read how the text came to be. */
  history?: boolean | undefined;
  /** Whether it lets in people who are not signed in. */
  guests?: boolean | undefined;
  /** When it ends; null: when it is revoked. */
  expires_at?: string | null | undefined;
};

export type ShareLinkPage = {
  items: ShareLink[];
  /** Null on the last page. */
  next_cursor: string | null;
};

export type SignInMethods = {
  password: true;
  google: boolean;
  /** `required`: who has none sets one up at the next sign-in. */
  second_factor: "optional" | "required";
};

export type Submission = {
  /** Who writes: a new random one for each process. The same ones as of sockets. */
  client_id: string;
  /** 1, 2, 3… per client id; a repeat bears the same. */
  seq: number;
  /** The version that the operation was made at. */
  base: number;
  /** Parts that walk over the text: a positive number keeps that many UTF-16 code units, a negative one deletes them, a text is inserted. */
  op: (number | string)[];
};

export type Submitted = {
  seq: number;
  /** That the operation got. */
  version: number;
  /** The number of who wrote it, as items bear it. */
  actor: number;
  /** Trace id of the operation that made the version (law TR-1). */
  trace_id: string;
};

export type Tokens = {
  access_token: string;
  token_type: "Bearer";
  /** Seconds until the access token ends. */
  expires_in: number;
  /** Absent if it went into the cookie. */
  refresh_token?: string | undefined;
  user: User;
};

export type TokensAndCodes = {
  access_token: string;
  token_type: "Bearer";
  /** Seconds until the access token ends. */
  expires_in: number;
  /** Absent if it went into the cookie. */
  refresh_token?: string | undefined;
  user: User;
  /** Ten, each of which stands in for the authenticator once. Shown this once. */
  recovery_codes: string[];
};

export type Transfer = {
  /** A member, who becomes owner in your place. */
  user_id: string;
};

export type User = {
  id: string;
  email: string;
  email_verified: boolean;
  name: string;
  /** Another way in than a password. */
  oauth_provider: "google" | null;
  /** Whether signing in takes a code as well. */
  second_factor: boolean;
  created_at: string;
};

export type UserChange = {
  name: string;
};

export type VersionName = {
  name: string;
};

export type Webhook = {
  id: string;
  name: string;
  url: string;
  events: ("documents.created" | "documents.updated" | "documents.deleted" | "documents.restored" | "documents.erased" | "documents.shared" | "workspaces.created" | "workspaces.updated" | "workspaces.deleted" | "workspaces.restored" | "members.invited" | "members.added" | "members.changed" | "members.removed")[] | null;
  enabled: boolean;
  /** gone: it answered 410; failing: nothing has arrived for 5 days. */
  disabled_reason: "asked" | "gone" | "failing" | null;
  failing_since: string | null;
  /** Until when the secret before the newest signs, too. */
  old_secret_until: string | null;
  created_by: string;
  created_at: string;
};

export type WebhookAttempt = {
  /** Counted from 1, and anew when the delivery is asked for again. */
  attempt: number;
  attempted_at: string;
  /** Null, and so the others: it is under way, or the service died with it. */
  took_ms: number | null;
  /** HTTP status; null: there was none. */
  answer: number | null;
  failure: string | null;
};

export type WebhookChange = {
  /** An https address with a public name. It answers 2xx; redirects are not followed. */
  url?: string | undefined;
  name?: string | undefined;
  /** The types that it hears of; null: all. */
  events?: ("documents.created" | "documents.updated" | "documents.deleted" | "documents.restored" | "documents.erased" | "documents.shared" | "workspaces.created" | "workspaces.updated" | "workspaces.deleted" | "workspaces.restored" | "members.invited" | "members.added" | "members.changed" | "members.removed")[] | null | undefined;
  /** Whether anything is sent. */
  enabled?: boolean | undefined;
};

export type WebhookDelivery = {
  id: string;
  /** As in the header webhook-id, the same each time that it is sent. */
  event_id: string;
  type: string;
  /** Of the request that it comes from, or, where nobody asked for it by REST, of the newest operation; null: of neither. */
  trace_id: string | null;
  /** dead: it was given up, and can be asked for again. */
  status: "pending" | "delivered" | "dead";
  attempts: number;
  next_attempt_at: string | null;
  attempted_at: string | null;
  took_ms: number | null;
  /** HTTP status of the last answer; null: there was none. */
  answer: number | null;
  /** Why the last attempt failed. */
  failure: string | null;
  created_at: string;
};

export type WebhookDeliveryPage = {
  items: WebhookDelivery[];
  /** Null on the last page. */
  next_cursor: string | null;
};

export type WebhookDeliveryWithMessage = {
  id: string;
  /** As in the header webhook-id, the same each time that it is sent. */
  event_id: string;
  type: string;
  /** Of the request that it comes from, or, where nobody asked for it by REST, of the newest operation; null: of neither. */
  trace_id: string | null;
  /** dead: it was given up, and can be asked for again. */
  status: "pending" | "delivered" | "dead";
  attempts: number;
  next_attempt_at: string | null;
  attempted_at: string | null;
  took_ms: number | null;
  /** HTTP status of the last answer; null: there was none. */
  answer: number | null;
  /** Why the last attempt failed. */
  failure: string | null;
  created_at: string;
  message: WebhookMessage;
  /** The attempts at it, newest first, the last 20. */
  log: WebhookAttempt[];
};

export type WebhookMessage = {
  type: string;
  /** When it happened. */
  timestamp: string;
  /** Of the request that it comes from, or, where nobody asked for it by REST, of the newest operation; null: of neither. */
  trace_id: string | null;
  data: Record<string, string | number | null>;
};

export type WebhookPage = {
  items: Webhook[];
  /** Null on the last page. */
  next_cursor: string | null;
};

export type Workspace = {
  id: string;
  name: string;
  /** The one that every person has: it has no other members. */
  personal: boolean;
  /** What you are in it. */
  role: "owner" | "admin" | "editor" | "viewer";
  created_at: string;
  /** Set while it waits to be erased; its owners can still bring it back. */
  deleted_at: string | null;
};

export type WorkspaceChange = {
  name: string;
};

export type WorkspacePage = {
  items: Workspace[];
  /** Null on the last page. */
  next_cursor: string | null;
};

/** A text, and of which version it is where the answer says so. */
export interface TextAnswer {
  text: string;
  version: number | undefined;
}

/** Every route: what is sent, and what is answered. `undefined` is nothing. */
export interface Routes {
  /** For the operator: a document's life in one file. */
  "GET /admin/documents/{id}/export": {
    body: undefined;
    query: undefined;
    answer: TextAnswer;
  };
  /** For the operator: show the frames of a document's sockets in the service's log, for a time. */
  "PUT /admin/documents/{id}/frame-debugging": {
    body: FrameDebugging;
    query: undefined;
    answer: FramesShown;
  };
  /** For the operator: show the frames no longer. */
  "DELETE /admin/documents/{id}/frame-debugging": {
    body: undefined;
    query: undefined;
    answer: undefined;
  };
  /** For the operator: put a document's text and history back, from a bundle. */
  "PUT /admin/documents/{id}/life": {
    body: string;
    query: {
      /** `true`: also where there is a text and a history, which are gone then. Else that is `precondition_failed`. */
      replace?: "true" | "false" | undefined;
    };
    answer: DocumentPutBack;
  };
  /** For the operator: a document's operations, and how they came to be. */
  "GET /admin/documents/{id}/operations": {
    body: undefined;
    query: {
      /** The first version; without it, the oldest that is kept. */
      from?: number | undefined;
      /** 100 without it. */
      limit?: number | undefined;
    };
    answer: OperationRecordPage;
  };
  /** For the operator: put a document's storage back to a moment of the last 30 days. */
  "POST /admin/documents/{id}/rewind": {
    body: DocumentRewinding;
    query: undefined;
    answer: DocumentRewound;
  };
  /** For the operator: end all sessions of everybody. */
  "DELETE /admin/sessions": {
    body: undefined;
    query: undefined;
    answer: Ended;
  };
  /** For the operator: find a person by their e-mail address. */
  "GET /admin/users": {
    body: undefined;
    query: {
      email: string;
    };
    answer: OperatedUser;
  };
  /** For the operator: take away the second factor of a person who has lost it. */
  "DELETE /admin/users/{id}/second-factor": {
    body: undefined;
    query: undefined;
    answer: undefined;
  };
  /** For the operator: end all sessions and personal access tokens of a person. */
  "DELETE /admin/users/{id}/sessions": {
    body: undefined;
    query: undefined;
    answer: Ended;
  };
  /** Sign in with a password. */
  "POST /auth/login": {
    body: Login;
    query: undefined;
    answer: Tokens;
  };
  /** End a session, the refresh token's in the body or else the access token's; or others, or all. */
  "POST /auth/logout": {
    body: Logout | undefined;
    query: undefined;
    answer: undefined;
  };
  /** Which ways in this service offers. */
  "GET /auth/methods": {
    body: undefined;
    query: undefined;
    answer: SignInMethods;
  };
  /** Sign in with Google: send a browser here. */
  "GET /auth/oauth/google": {
    body: undefined;
    query: {
      /** Where the browser goes afterwards; `error` is added to it if something went wrong. */
      return_to?: string | undefined;
      /** For a front end of its own, which presents the code itself (POST /auth/oauth/google): on an allowed origin, or on one's own machine. */
      redirect_uri?: string | undefined;
    };
    answer: undefined;
  };
  /** Sign in with the code that Google gave. */
  "POST /auth/oauth/google": {
    body: GoogleSignIn;
    query: undefined;
    answer: Tokens;
  };
  /** Where Google sends the browser back to. */
  "GET /auth/oauth/google/callback": {
    body: undefined;
    query: {
      state: string;
      code?: string | undefined;
      error?: string | undefined;
      iss?: string | undefined;
    };
    answer: Tokens;
  };
  /** Change one's password, and end the other sessions. */
  "POST /auth/password/change": {
    body: PasswordChange;
    query: undefined;
    answer: undefined;
  };
  /** Ask for a link to choose a new password with. */
  "POST /auth/password/forgot": {
    body: ForgotPassword;
    query: undefined;
    answer: undefined;
  };
  /** Choose a new password by the link of a message. */
  "POST /auth/password/reset": {
    body: PasswordReset;
    query: undefined;
    answer: undefined;
  };
  /** Prove again who you are, for what asks for a recent proof. */
  "POST /auth/reauthenticate": {
    body: Reauthentication;
    query: undefined;
    answer: undefined;
  };
  /** Trade a refresh token for new tokens. */
  "POST /auth/refresh": {
    body: Refresh;
    query: undefined;
    answer: Tokens;
  };
  /** Open an account, and sign in. */
  "POST /auth/register": {
    body: Registration;
    query: undefined;
    answer: Tokens;
  };
  /** Finish a sign-in that takes a second factor, by a code. */
  "POST /auth/second-factor": {
    body: SecondStep;
    query: undefined;
    answer: Tokens;
  };
  /** Begin to set up a second factor, where a sign-in asks for one to be set up. */
  "POST /auth/second-factor/enrolment": {
    body: EnrolmentChallenge;
    query: undefined;
    answer: SecondFactorEnrolment;
  };
  /** Switch the second factor on by a code of it, and finish the sign-in. */
  "POST /auth/second-factor/enrolment/confirmation": {
    body: SecondStep;
    query: undefined;
    answer: TokensAndCodes;
  };
  /** Create a document. */
  "POST /documents": {
    body: NewDocument;
    query: undefined;
    answer: Document;
  };
  /** List documents: one's own, those of a workspace or of an owner, those shared with one, or the trash. */
  "GET /documents": {
    body: undefined;
    query: {
      limit?: number | undefined;
      /** The `next_cursor` of the page before. */
      cursor?: string | undefined;
      /** Only those of this workspace. */
      workspace_id?: string | undefined;
      /** Only those that this person owns. */
      owner_id?: string | undefined;
      /** Only those that were shared with you by a grant or a link. */
      shared?: "true" | "false" | undefined;
      /** Those in the trash that you may bring back. */
      deleted?: "true" | "false" | undefined;
      /** By which time the newest are first. */
      order?: "created" | "updated" | undefined;
    };
    answer: DocumentPage;
  };
  /** Make a document of a Markdown, text or HTML file. */
  "POST /documents/import": {
    body: string;
    query: {
      /** Else the page's title, or the text's first heading, or its first line. */
      title?: string | undefined;
      /** Else the personal workspace. */
      workspace_id?: string | undefined;
    };
    answer: Document;
  };
  /** Read a document, with its text and version at this moment. */
  "GET /documents/{id}": {
    body: undefined;
    query: undefined;
    answer: Document;
  };
  /** Change a document's title, its text, or both. */
  "PATCH /documents/{id}": {
    body: DocumentChange;
    query: undefined;
    answer: Document;
  };
  /** Delete a document, with its text and history. */
  "DELETE /documents/{id}": {
    body: undefined;
    query: {
      permanent?: "true" | "false" | undefined;
    };
    answer: undefined;
  };
  /** Tell who wrote which characters of a document, now or at a version. */
  "GET /documents/{id}/blame": {
    body: undefined;
    query: {
      /** How many operations the text has gone through. */
      version?: number | null | undefined;
      /** Unit to begin with: the `next_from` of the answer before. */
      from?: number | null | undefined;
    };
    answer: Blame;
  };
  /** Seal and trim a document's history now, rather than by and by (owners). */
  "POST /documents/{id}/compaction": {
    body: undefined;
    query: undefined;
    answer: CompactedHistory;
  };
  /** Read a document's text. */
  "GET /documents/{id}/content": {
    body: undefined;
    query: {
      /** Read the text as it was at this version. */
      version?: number | undefined;
    };
    answer: TextAnswer;
  };
  /** Replace a document's text. */
  "PUT /documents/{id}/content": {
    body: string;
    query: {
      /** The version that the text was made from: what differs from it is moved over what others did since. */
      base_version?: number | undefined;
    };
    answer: ContentChanged;
  };
  /** Edit a document's text: find and replace, append, splice. */
  "PATCH /documents/{id}/content": {
    body: ContentChange;
    query: undefined;
    answer: ContentChanged;
  };
  /** Compare two versions of a document's text. */
  "GET /documents/{id}/diff": {
    body: undefined;
    query: {
      /** How many operations the text has gone through. */
      from?: number | null | undefined;
      /** How many operations the text has gone through. */
      to?: number | null | undefined;
    };
    answer: Diff;
  };
  /** Make a new document of a document's text. */
  "POST /documents/{id}/duplicate": {
    body: Duplication;
    query: undefined;
    answer: Document;
  };
  /** Follow a document by server-sent events. */
  "GET /documents/{id}/events": {
    body: undefined;
    query: {
      /** The version that the caller has; `Last-Event-ID` goes before it. */
      since?: number | undefined;
      /** Of the welcome that told `since`. */
      epoch?: string | undefined;
      /** As in submissions, by whoever also makes them. */
      client_id?: string | undefined;
      /** The `seq` of a submission whose answer was lost. */
      last_seq?: number | undefined;
    };
    answer: TextAnswer;
  };
  /** Save a document as a file. */
  "GET /documents/{id}/export": {
    body: undefined;
    query: {
      format?: "md" | "txt" | "html" | undefined;
    };
    answer: TextAnswer;
  };
  /** List who was given a part in a document beside its workspace (owners). */
  "GET /documents/{id}/grants": {
    body: undefined;
    query: {
      limit?: number | undefined;
      /** The `next_cursor` of the page before. */
      cursor?: string | undefined;
    };
    answer: GrantPage;
  };
  /** Give somebody a part in a document, or another one (owners). */
  "PUT /documents/{id}/grants": {
    body: NewGrant;
    query: undefined;
    answer: Grant;
  };
  /** Take somebody's part in a document away (owners), or give up one's own. */
  "DELETE /documents/{id}/grants/{user_id}": {
    body: undefined;
    query: undefined;
    answer: undefined;
  };
  /** List what was done to a document, newest first. */
  "GET /documents/{id}/history": {
    body: undefined;
    query: {
      limit?: number | undefined;
      /** The `next_cursor` of the page before. */
      cursor?: string | undefined;
    };
    answer: ChangePage;
  };
  /** Replay a document's history, and compare it with everything that was recorded. */
  "POST /documents/{id}/integrity": {
    body: undefined;
    query: undefined;
    answer: IntegrityReport;
  };
  /** Put a document into another workspace (owners). */
  "POST /documents/{id}/move": {
    body: Move;
    query: undefined;
    answer: DocumentSummary;
  };
  /** Submit an operation, as on the socket. */
  "POST /documents/{id}/operations": {
    body: Submission;
    query: undefined;
    answer: Submitted;
  };
  /** Read what was accepted since a version, or wait for it. */
  "GET /documents/{id}/operations": {
    body: undefined;
    query: {
      /** The version that the caller has. */
      since: number;
      limit?: number | undefined;
      /** Seconds to wait for an operation, if there is none yet. */
      wait?: number | undefined;
    };
    answer: OperationList;
  };
  /** Tell who has a document open. */
  "GET /documents/{id}/presence": {
    body: undefined;
    query: undefined;
    answer: Presence;
  };
  /** Replace a span of text by filler of equal length, in the document and in all of its history. */
  "POST /documents/{id}/redactions": {
    body: Redaction;
    query: undefined;
    answer: Redacted;
  };
  /** Put a document's text back to what it was at a version, as a new change. */
  "POST /documents/{id}/restorations": {
    body: Restoration;
    query: undefined;
    answer: Restored;
  };
  /** Bring a document back from the trash (owners). */
  "POST /documents/{id}/restore": {
    body: undefined;
    query: undefined;
    answer: DocumentSummary;
  };
  /** Set how much of a document's history is kept (owners). */
  "PUT /documents/{id}/retention": {
    body: Retention;
    query: undefined;
    answer: KeptHistory;
  };
  /** Make a link that lets whoever has it into a document (owners). */
  "POST /documents/{id}/share-links": {
    body: NewShareLink;
    query: undefined;
    answer: CreatedShareLink;
  };
  /** List the links into a document (owners). */
  "GET /documents/{id}/share-links": {
    body: undefined;
    query: {
      limit?: number | undefined;
      /** The `next_cursor` of the page before. */
      cursor?: string | undefined;
    };
    answer: ShareLinkPage;
  };
  /** Change a link, and what everybody has by it (owners). */
  "PATCH /documents/{id}/share-links/{link_id}": {
    body: ShareLinkChange;
    query: undefined;
    answer: ShareLink;
  };
  /** Revoke a link, and what everybody has by it, at once (owners). */
  "DELETE /documents/{id}/share-links/{link_id}": {
    body: undefined;
    query: undefined;
    answer: undefined;
  };
  /** Tell what a document's room costs. */
  "GET /documents/{id}/stats": {
    body: undefined;
    query: undefined;
    answer: DocumentStats;
  };
  /** List the versions of a document that have names, newest first. */
  "GET /documents/{id}/versions": {
    body: undefined;
    query: {
      limit?: number | undefined;
      /** The `next_cursor` of the page before. */
      cursor?: string | undefined;
    };
    answer: NamedVersionPage;
  };
  /** Read a document as it was at a version, and who made that version when. */
  "GET /documents/{id}/versions/{version}": {
    body: undefined;
    query: undefined;
    answer: PastVersion;
  };
  /** Give a version a name, in place of the one that it has. */
  "PUT /documents/{id}/versions/{version}/name": {
    body: VersionName;
    query: undefined;
    answer: NamedVersion;
  };
  /** Take a version's name away. */
  "DELETE /documents/{id}/versions/{version}/name": {
    body: undefined;
    query: undefined;
    answer: undefined;
  };
  /** Become a member by the token of an invitation. */
  "POST /invitations/accept": {
    body: Acceptance;
    query: undefined;
    answer: Workspace;
  };
  /** Search the titles and texts of all documents that one may read. */
  "GET /search": {
    body: undefined;
    query: {
      limit?: number | undefined;
      /** The `next_cursor` of the page before. */
      cursor?: string | undefined;
      /** What to look for: all of the words, the last also as the beginning of one; "in quotes", as it stands there. */
      q: string;
      /** Only in this workspace. */
      workspace_id?: string | undefined;
    };
    answer: SearchPage;
  };
  /** Come into a document by a link. */
  "POST /share-links/open": {
    body: LinkOpening;
    query: undefined;
    answer: OpenedLink;
  };
  /** Who am I. */
  "GET /users/me": {
    body: undefined;
    query: undefined;
    answer: User;
  };
  /** Change one's name. */
  "PATCH /users/me": {
    body: UserChange;
    query: undefined;
    answer: User;
  };
  /** List what happened to the security of one's account, newest first. */
  "GET /users/me/audit": {
    body: undefined;
    query: {
      limit?: number | undefined;
      /** The `next_cursor` of the page before. */
      cursor?: string | undefined;
    };
    answer: AuditPage;
  };
  /** Delete one's account, for good. */
  "POST /users/me/deletion": {
    body: AccountDeletion;
    query: undefined;
    answer: undefined;
  };
  /** Ask for another e-mail address. */
  "POST /users/me/email": {
    body: EmailChange;
    query: undefined;
    answer: undefined;
  };
  /** Confirm an e-mail address by the link of a message. */
  "POST /users/me/email/confirmation": {
    body: EmailConfirmation;
    query: undefined;
    answer: User;
  };
  /** Ask again for the link that confirms one's e-mail address. */
  "POST /users/me/email/verification": {
    body: undefined;
    query: undefined;
    answer: undefined;
  };
  /** Everything that is kept about oneself. */
  "GET /users/me/export": {
    body: undefined;
    query: {
      /** The `next_cursor` of the export before. */
      cursor?: string | undefined;
    };
    answer: AccountExport;
  };
  /** Other ways into the account than a password. */
  "GET /users/me/identities": {
    body: undefined;
    query: undefined;
    answer: IdentityList;
  };
  /** Link Google to the account. */
  "POST /users/me/identities/google": {
    body: LinkStart | undefined;
    query: undefined;
    answer: Authorization;
  };
  /** Unlink Google, if there is another way into the account. */
  "DELETE /users/me/identities/google": {
    body: undefined;
    query: undefined;
    answer: undefined;
  };
  /** Whether a second factor is on. */
  "GET /users/me/second-factor": {
    body: undefined;
    query: undefined;
    answer: SecondFactor;
  };
  /** Begin to set up a second factor: an authenticator app (RFC 6238). */
  "POST /users/me/second-factor": {
    body: EnrolmentStart | undefined;
    query: undefined;
    answer: SecondFactorEnrolment;
  };
  /** Switch the second factor on, by a code of it. */
  "POST /users/me/second-factor/confirmation": {
    body: CodeProof;
    query: undefined;
    answer: RecoveryCodes;
  };
  /** Get new recovery codes, in place of all those of before. */
  "POST /users/me/second-factor/recovery-codes": {
    body: CodeProof;
    query: undefined;
    answer: RecoveryCodes;
  };
  /** Switch the second factor off. */
  "POST /users/me/second-factor/removal": {
    body: CodeProof;
    query: undefined;
    answer: undefined;
  };
  /** List the sign-ins that are still good, newest first. */
  "GET /users/me/sessions": {
    body: undefined;
    query: {
      limit?: number | undefined;
      /** The `next_cursor` of the page before. */
      cursor?: string | undefined;
    };
    answer: SessionPage;
  };
  /** End a sign-in. */
  "DELETE /users/me/sessions/{id}": {
    body: undefined;
    query: undefined;
    answer: undefined;
  };
  /** Make a personal access token, for a program to use. */
  "POST /users/me/tokens": {
    body: NewPersonalToken;
    query: undefined;
    answer: CreatedPersonalToken;
  };
  /** List one's personal access tokens, newest first. */
  "GET /users/me/tokens": {
    body: undefined;
    query: undefined;
    answer: PersonalTokenList;
  };
  /** Delete a personal access token: what uses it is refused from now on, and its sockets are closed. */
  "DELETE /users/me/tokens/{id}": {
    body: undefined;
    query: undefined;
    answer: undefined;
  };
  /** Create a workspace, and own it. */
  "POST /workspaces": {
    body: NewWorkspace;
    query: undefined;
    answer: Workspace;
  };
  /** List the workspaces that one is in, those first that one came into first. */
  "GET /workspaces": {
    body: undefined;
    query: {
      limit?: number | undefined;
      /** The `next_cursor` of the page before. */
      cursor?: string | undefined;
    };
    answer: WorkspacePage;
  };
  /** Read a workspace. */
  "GET /workspaces/{id}": {
    body: undefined;
    query: undefined;
    answer: Workspace;
  };
  /** Rename a workspace (owners and admins). */
  "PATCH /workspaces/{id}": {
    body: WorkspaceChange;
    query: undefined;
    answer: Workspace;
  };
  /** Delete a workspace with its documents (owners). */
  "DELETE /workspaces/{id}": {
    body: undefined;
    query: undefined;
    answer: undefined;
  };
  /** Save all documents of a workspace as a zip file. */
  "GET /workspaces/{id}/export": {
    body: undefined;
    query: {
      /** The `next_cursor` of the export before. */
      cursor?: string | undefined;
    };
    answer: TextAnswer;
  };
  /** Invite an address into a workspace (owners and admins). */
  "POST /workspaces/{id}/invitations": {
    body: NewInvitation;
    query: undefined;
    answer: Invitation;
  };
  /** List the invitations that were not accepted yet (owners and admins). */
  "GET /workspaces/{id}/invitations": {
    body: undefined;
    query: {
      limit?: number | undefined;
      /** The `next_cursor` of the page before. */
      cursor?: string | undefined;
    };
    answer: InvitationPage;
  };
  /** Withdraw an invitation (owners and admins). */
  "DELETE /workspaces/{id}/invitations/{invitation_id}": {
    body: undefined;
    query: undefined;
    answer: undefined;
  };
  /** List the members of a workspace, those first who came first. */
  "GET /workspaces/{id}/members": {
    body: undefined;
    query: {
      limit?: number | undefined;
      /** The `next_cursor` of the page before. */
      cursor?: string | undefined;
    };
    answer: MemberPage;
  };
  /** Give a member another role. */
  "PATCH /workspaces/{id}/members/{user_id}": {
    body: MemberChange;
    query: undefined;
    answer: Member;
  };
  /** Remove a member, or leave. */
  "DELETE /workspaces/{id}/members/{user_id}": {
    body: undefined;
    query: undefined;
    answer: undefined;
  };
  /** Bring a deleted workspace back (owners). */
  "POST /workspaces/{id}/restore": {
    body: undefined;
    query: undefined;
    answer: Workspace;
  };
  /** Make another member owner in one's own place, and be an admin. */
  "POST /workspaces/{id}/transfer": {
    body: Transfer;
    query: undefined;
    answer: Member;
  };
  /** Have a workspace's events sent somewhere (owners and admins). */
  "POST /workspaces/{id}/webhooks": {
    body: NewWebhook;
    query: undefined;
    answer: CreatedWebhook;
  };
  /** List a workspace's webhooks, those first that were there first (owners and admins). */
  "GET /workspaces/{id}/webhooks": {
    body: undefined;
    query: {
      limit?: number | undefined;
      /** The `next_cursor` of the page before. */
      cursor?: string | undefined;
    };
    answer: WebhookPage;
  };
  /** Read a webhook (owners and admins). */
  "GET /workspaces/{id}/webhooks/{webhook_id}": {
    body: undefined;
    query: undefined;
    answer: Webhook;
  };
  /** Change a webhook, disable or enable it (owners and admins). */
  "PATCH /workspaces/{id}/webhooks/{webhook_id}": {
    body: WebhookChange;
    query: undefined;
    answer: Webhook;
  };
  /** Delete a webhook, with the log of its deliveries (owners and admins). */
  "DELETE /workspaces/{id}/webhooks/{webhook_id}": {
    body: undefined;
    query: undefined;
    answer: undefined;
  };
  /** List what was sent to a webhook, newest first (owners and admins). */
  "GET /workspaces/{id}/webhooks/{webhook_id}/deliveries": {
    body: undefined;
    query: {
      limit?: number | undefined;
      /** The `next_cursor` of the page before. */
      cursor?: string | undefined;
      status?: "pending" | "delivered" | "dead" | undefined;
    };
    answer: WebhookDeliveryPage;
  };
  /** Read a delivery, with what is sent (owners and admins). */
  "GET /workspaces/{id}/webhooks/{webhook_id}/deliveries/{delivery_id}": {
    body: undefined;
    query: undefined;
    answer: WebhookDeliveryWithMessage;
  };
  /** Send again what was delivered or given up (owners and admins). */
  "POST /workspaces/{id}/webhooks/{webhook_id}/deliveries/{delivery_id}/redeliver": {
    body: undefined;
    query: undefined;
    answer: WebhookDelivery;
  };
  /** Send a webhook a message of the type webhooks.ping (owners and admins). */
  "POST /workspaces/{id}/webhooks/{webhook_id}/ping": {
    body: undefined;
    query: undefined;
    answer: WebhookDelivery;
  };
  /** Give a webhook a new secret (owners and admins). */
  "POST /workspaces/{id}/webhooks/{webhook_id}/secret": {
    body: undefined;
    query: undefined;
    answer: CreatedWebhook;
  };
}
