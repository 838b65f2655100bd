/** Operations in a report of a differing text: all since the last check, unless many were accepted in one flush. */
export const reportOperations = 256;
/** Code units of the operations in a report as JSON. */
export const reportUnits = 65_536;

/**
 * Every limit of the service: its unit, and why it is where it is. The socket's are announced in `welcome`.
 * Sizes of text are UTF-16 code units (law OT-4).
 */
export const limits = {
  /**
   * Code units of a document's text. The room holds the text twice at most (text and snapshot parts) in an isolate of
   * 128 MB, and a welcome frame carries it whole.
   */
  textUnits: 4_194_304,
  /** Code units that one operation may insert. Escaped as JSON it stays below the 1 MB that a log row may have. */
  insertUnits: 131_072,
  /** Parts (retain, insert, delete) of one operation: bounds what transforming it can cost. */
  operationParts: 10_000,
  /**
   * What moving one submission from its base to the newest version may cost, in parts walked over (its own and the
   * accepted operation's, for every version in between): at 135 ns for the worst of them, 0.3 s. Half a million versions
   * for a keystroke, 200 for an operation of 10,000 parts; who is further behind is `too_old`.
   */
  transformParts: 2_097_152,
  /**
   * What one question about a document's past may go through, in weight of operations (16, and one for each unit inserted):
   * some 2 million typed edits, ten seconds of CPU of the platform's 30. What is further away is answered when the question is
   * asked again.
   */
  replayWeight: 33_554_432,
  /** Days for which a history may be told to be kept: a hundred years. The platform takes no alarm after the year 275,760. */
  retentionDays: 36_500,
  /** Versions of a document that have a name: what a list to look through may hold. */
  namedVersions: 1_000,
  /** Code units of such a name. */
  versionNameUnits: 100,
  /** Spans of one answer about who wrote a text: 1 MB of JSON. */
  blameSpans: 5_000,
  /** Code units of the operations in a welcome: more than the largest text, and the frame stays below the platform's 32 MiB. */
  missedUnits: 8_388_608,
  /** Code units of one socket frame: an operation with its largest insert, every character escaped. */
  frameUnits: 1_048_576,
  /** Selections of one presence: people use a handful of carets; it is mapped through every operation. */
  selections: 16,
  /** Milliseconds between two presence frames to one socket: 20 a second look like one movement. */
  presenceMs: 50,
  /** Operations that a presence may be behind, each of which it is mapped through: what the room keeps in memory. */
  presenceLag: 4_096,
  /** Seconds between two pings of a client. The platform answers them, so they cost the room nothing. */
  pingSeconds: 10,
  /** Seconds without a sign of life after which a client is shown to nobody: three pings are lost. */
  silenceSeconds: 30,
  /**
   * Tokens that frames may cost: a frame costs one, and one more for each `tokenUnits` of its code units. A room takes
   * 12,000 operations a second on one core with a commit for each, and several times that pipelined, so one socket cannot
   * have the room for itself; but nobody who types (10 frames a second), pastes (a document of the largest size is 4,128
   * tokens), or replays a recorded session with one operation in flight ever comes near.
   */
  socketRate: { perSecond: 10_000, burst: 50_000 },
  /** The same for all sockets of a person in one room: two that work as hard as they may. */
  userRate: { perSecond: 20_000, burst: 100_000 },
  tokenUnits: 1_024,
  /**
   * Where so many edits come within so many milliseconds, a commit waits until it has as many, a quarter longer than the last ones took: a dozen edits
   * for a row. It takes eight people who type without a pause; they hear of each other a fifth of a second later on the average.
   */
  commitEdits: 12,
  commitMs: 300,
  /**
   * UTF-16 units of an author's own operations that come back in the frame that everybody gets (the short form): about what it costs to
   * cut out and send the others' apart.
   */
  echoUnits: 256,
  /**
   * A socket that goes on sending when it is told to slow down is closed when it owes this many bursts. A client that had
   * two bursts under way before the first answer reached it owes one.
   */
  abuseFactor: 4,
  /** Bytes that may wait for one reader, beyond its welcome: some seconds of a room at work, and 128 MB hold 30 of them. */
  unreadBytes: 4_194_304,
  /**
   * Where the runtime does not say what waits: code units sent since the reader's last sign of life (a frame or a ping).
   * More than is lost on somebody who reads, as that proves little.
   */
  unprovenUnits: 16_777_216,
  /** Versions between two hashes of the text that go to everybody: one costs the room some tens of microseconds, of a megabyte that was edited all over 0.4 ms. */
  checkVersions: 256,
  reportOperations,
  reportUnits,
  /** Reports that a room keeps. */
  keptReports: 5,
  /** Code units of an access token; ours have about 500. */
  accessTokenUnits: 4_096,
  /**
   * Bytes of a room's storage from which on nothing is written: the platform ends at 10 GB, and what is left serves to
   * trim, to seal and to read.
   */
  storageBytes: 9_500_000_000,
  /**
   * Viewers whom a room serves itself; those who come after them are served by fan-outs. Up to here a frame for each of
   * them costs the room about as much as committing the operation.
   */
  directViewers: 100,
  /** Viewers of one fan-out: one broadcast to them takes some 10 ms of its one thread. */
  fanoutViewers: 1_000,
  /**
   * Fan-outs that hang below the room, and below each fan-out: there ends what an audience costs the room. Two levels of
   * them hold 110,000 viewers.
   */
  fanoutChildren: 10,
  /** Milliseconds for which a room gathers frames for a fan-out: 20 calls a second, however many operations. */
  fanoutMs: 50,
  /** UTF-16 units of frames that wait for a fan-out; past them it fetches what it misses when it can. */
  fanoutQueueUnits: 4_194_304,
  /**
   * Milliseconds after the last frame for the fan-outs at which it is seen to that they have it: an alarm, which also wakes
   * a room that died in between. Sooner than a room would sleep, so that the alarm wakes none.
   */
  fanoutSettleMs: 5_000,
  /** Bytes of a REST request's body: a document of the largest size in UTF-8, with room for JSON. */
  bodyBytes: 16_777_216,
  /** Bytes of a body that holds no text of a document: names, roles, addresses. */
  smallBodyBytes: 16_384,
  /** Bytes of a body that anyone may send unasked who they are (register, login, refresh). */
  credentialsBytes: 16_384,
  /** Code units of a refresh token as it is presented; ours have about 100. */
  refreshTokenUnits: 512,
  /** Code units of the token of an e-mailed link as it is presented; ours have 43. */
  linkTokenUnits: 128,
  /** Documents of one export, of a person's or of a workspace's: a call each, of the 10,000 that an invocation has; a text each, of 4 MB at most. */
  exportDocuments: 1_000,
  /** Code units of an authorization code, a state or an issuer as they come back from a provider; Google's codes have about 100. */
  oauthUnits: 2_048,
  /** Code units of a path of ours, as the place to return to after signing in with a provider. */
  pathUnits: 1_024,
  /**
   * Operations that one question for their origins and hashes goes through: each hash takes up to 30 µs (a text of the largest
   * size), and the room answers nobody else meanwhile.
   */
  tracedOperations: 2_048,
  /** Accepted operations in one answer; an answer of large ones is also held to `frameUnits`. */
  operationItems: { default: 100, max: 1_000 },
  /** Seconds that a question for the next operations may wait: proxies cut an answer off that is silent for a minute. */
  pollSeconds: 30,
  /** Edits in one change of a text, and places that one of them may replace: three parts each of an operation. */
  contentEdits: 1_000,
  editedPlaces: 10_000,
  /** Code units of an epoch: a UUID, with room for another form. */
  epochUnits: 64,
  /** Characters of an Idempotency-Key: as others take them; a UUID has 36. */
  idempotencyKeyUnits: 255,
  /** Hours for which a key is remembered: somebody who has not asked again within a day has not lost an answer. */
  idempotencyHours: 24,
  /** Seconds after which whoever was at work on such a request is taken to have died: no request takes so long. */
  inFlightSeconds: 60,
  /** Code units of an answer that is kept for its repetition, well below the 2 MB of a value in D1. */
  keptAnswerUnits: 524_288,
  /** Code units of a document's title: it has to fit on a line of a list. */
  titleUnits: 200,
  /** Code units of a person's name. */
  nameUnits: 100,
  /** Code points that a new password has at least (ASVS 5.0 §6.2.1); 15 are advised. */
  passwordPoints: 8,
  /** Code units of a password (NIST SP 800-63B-4: at least 64 allowed); an upper end so that hashing stays cheap. */
  passwordUnits: 256,
  /** Passwords that wait in one isolate to be hashed: 0.1 s each, so the last waits 5 s, and nobody works for those who come then. */
  hashingPlaces: 50,
  /** Code units of an e-mail address (RFC 5321: 254 octets in a forward path). */
  emailUnits: 254,
  /** Code units of a browser's name for itself that are kept with a session. */
  userAgentUnits: 256,
  /**
   * Requests that one network (an IPv4 address, an IPv6 /64) may make, counted by the platform in each of its locations: an
   * office behind one address, whose edits go by sockets. As in wrangler.toml.
   */
  networkRate: { requests: 3_000, seconds: 60 },
  /**
   * Of these, the ones that have a password hashed or an e-mail sent: a class of sixty that opens its accounts at once, and
   * 12 s of a core. As in wrangler.toml.
   */
  credentialsRate: { requests: 120, seconds: 60 },
  /** Requests that one account may make, from whatever networks: programs that work as fast as a few REST calls allow. As above. */
  accountRate: { requests: 6_000, seconds: 60 },
  /**
   * Wrong passwords for one account, counted exactly: by one network, for people who mistype; and by all networks together
   * that its owner never signed in from (NIST SP 800-63B-4 §3.2.2: 100). So many at once, and one more every so many
   * milliseconds.
   */
  loginRate: {
    network: { burst: 10, everyMs: 60_000 },
    account: { burst: 100, everyMs: 36_000 },
  },
  /**
   * The same for codes of second factors, which only who has the first factor can try: at three codes of a million that are
   * good at a time, strangers who try for a year have one chance in ten.
   */
  secondFactorRate: {
    network: { burst: 5, everyMs: 300_000 },
    account: { burst: 10, everyMs: 900_000 },
  },
  /** Seconds that a sign-in waits for its second factor, or for one to be set up. */
  challengeSeconds: 300,
  /** Code units of a code as it is typed; a recovery code has 29. */
  codeUnits: 64,
  /** Milliseconds that an attempt is made to wait for its turn, rather than be refused. */
  loginDelayMs: 10_000,
  /** Days for which a network counts as one of the account's owner's after a sign-in, and how many do. */
  knownNetworkDays: 90,
  knownNetworks: 20,
  /** Sessions of one person: a list that is looked through; the one that was used longest ago ends for a new one. */
  sessionsPerPerson: 100,
  /** Days for which the audit of an account is kept: a year and what one is late. */
  auditDays: 400,
  /** Workspaces that one person is in: more than anybody works in, and few enough to look through. */
  workspacesPerPerson: 100,
  /** Members of one workspace: what one page of D1 rows and a change of them can go through at once. */
  membersPerWorkspace: 500,
  /** Invitations into one workspace that are open at a time: each sends a message, to whomever it names. */
  invitationsPerWorkspace: 100,
  /** Days for which an invitation can be accepted. */
  invitationDays: 7,
  /** Days for which what was deleted can be brought back; then it is erased. */
  graceDays: 30,
  /** Days for which events are kept, and what became of their deliveries: long enough to find and send again what was missed. */
  eventDays: 30,
  /** Webhooks of one workspace: each event is one more request for each of them. */
  webhooksPerWorkspace: 20,
  /** Code units of a webhook's address: what servers take in a request line at least (RFC 9110 §4.1 asks for 8,000 octets; nobody writes 2,000). */
  webhookUrlUnits: 2_000,
  /** Attempts at a delivery that are told: all of the eight, and those of one time and a half that it was asked for again. */
  keptAttempts: 20,
  /** Hours for which a webhook's target may ask to be left alone (`Retry-After`): as long as the longest wait between two attempts. */
  webhookRetryHours: 10,
  /** Seconds that a webhook's target has for an answer: Standard Webhooks advises 15 to 30, and sooner is kinder to the others. */
  webhookSeconds: 15,
  /** Hours for which a webhook's secret before the newest signs, too: a day to bring the new one everywhere. */
  oldSecretHours: 24,
  /** Days after which a webhook is disabled if nothing has arrived. */
  webhookFailingDays: 5,
  /** Personal access tokens of one person, those that have expired among them: a list that is read in one go. */
  personalTokens: 100,
  /** Days that a personal access token lives. */
  tokenDays: { default: 90, max: 365 },
  /** Documents of one workspace, the trash among them: what one person can still look through, and one count goes through. */
  documentsPerWorkspace: 10_000,
  /** People with a grant in one document: more belong into a workspace. */
  grantsPerDocument: 200,
  /** Links into one document, those that have expired among them. */
  linksPerDocument: 50,
  /** People who are in a document by one link, the guests of the last hours among them. */
  visitorsPerLink: 1_000,
  /** Hours that a guest's token lives: a working day and some; then the link lets in again, while it is valid. */
  guestHours: 24,
  /**
   * Code units of a document's text that are searched: a book of 45,000 words. In scripts without blanks between words,
   * where the index holds six bytes a sign, it stays below the 2 MB of a D1 row.
   */
  indexedUnits: 262_144,
  /** Code units of a question to the search: more than anybody types, few enough words to look for all of them. */
  questionUnits: 200,
  /** Documents of one search that can be paged to: each page ranks all that come before it anew. */
  searchDepth: 1_000,
  /** Code units of an HTML text that is imported: to turn that into Markdown takes some seconds of a core at the worst. */
  importedHtmlUnits: 1_048_576,
  /** Code units of a document that is exported as HTML: what Markdown nests in itself at its worst takes seconds, too. */
  renderedUnits: 262_144,
  /** Seconds for which the operator may have a document's frames shown in the log: a day, so that it is not forgotten. */
  frameDebuggingSeconds: 86_400,
  /** Items on one page of a list. */
  pageItems: { default: 50, max: 100 },
} as const;

/** Those that nobody outside meets; apart for the same reason. */
export const serverLimits = {
  /** Bytes of a body, or code units of a frame, that debugging shows: most bodies are whole; what is read at 3 a.m. fits a screen. */
  debuggedBytes: 16_384,
  /** Frames of a document that debugging shows in a second: several people who type; a log that is paid by the line stays small. */
  debuggedFrames: 200,
  /**
   * Milliseconds without an edit after which those before are announced to the outside: sooner than a room sleeps, so that it does
   * not wake for it.
   */
  announceQuietMs: 5_000,
  /** Milliseconds that an edit is not announced at most while others follow it: what announcing costs goes by time, not by edits. */
  announceLongestMs: 60_000,
  /**
   * Code units of texts that an isolate keeps at hand for reading: 16 MB at most, of 128 that it may share with rooms. Two texts
   * of the largest size, or thousands of common ones.
   */
  cachedUnits: 8_388_608,
} as const;
