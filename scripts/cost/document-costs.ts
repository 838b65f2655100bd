import { limits, serverLimits } from "../../src/protocol/limits.ts";
import { costOf, dollars, grouped, prices, table, type Use } from "./prices.ts";

/** What a real room was measured to use (`test/room/cost.test.ts`). */
export interface MeasuredRoom {
  /** Rows written by a group commit of one operation, and by one of 50. */
  rowsPerCommit: { of1: number; of50: number };
  /** Rows written besides, when the commit saves a snapshot of a short text. */
  rowsPerSnapshot: number;
  /** Rows written for a newcomer's first operation, besides those of its commit. */
  rowsPerWriter: number;
  /** Rows written to announce an edit, its alarms among them, besides those of its commit. */
  rowsPerAnnouncement: number;
  /** Rows that joining, presence, pings and leaving write: alarms that are set. */
  rowsOfAudience: number;
  /** Rows that loading a room reads, besides one for each commit since the snapshot. */
  rowsPerLoad: number;
  /** Messages to sockets for one operation in a room of ten. */
  framesPerOperation: number;
}

/** How people work, where it matters for the bill. Assumed, not measured. */
const assumed = {
  /** UTF-16 units of a typed character's operation, `[12345,"a"]`: after 65,536 of them a snapshot is due. */
  operationUnits: 11,
  snapshotUnits: 65_536,
  /** In an active hour. */
  writers: 3,
  /** Submissions of a writer in a second: one is in flight at a time, and what is typed meanwhile goes with the next. */
  submissionsPerSecond: 4,
  /** Presence messages of a writer in a second. */
  presencePerSecond: 2,
  /** For which an alarm keeps an object active. */
  alarmSeconds: 0.1,
};

function millionOperations(room: MeasuredRoom, perCommit: 1 | 50): Use {
  const operations = 1_000_000;
  const commits = operations / perCommit;
  const snapshots = (operations * assumed.operationUnits) / assumed.snapshotUnits;
  const { of1, of50 } = room.rowsPerCommit;
  return {
    messages: operations,
    rowsWritten: commits * (perCommit === 1 ? of1 : of50) + snapshots * room.rowsPerSnapshot,
  };
}

function activeHour(room: MeasuredRoom): Use {
  const seconds = 3_600;
  const commits = assumed.writers * assumed.submissionsPerSecond * seconds;
  const snapshots = (commits * assumed.operationUnits) / assumed.snapshotUnits;
  const announcements = (seconds * 1_000) / serverLimits.announceLongestMs;
  // Those that find that people go on writing, each of which sets the next.
  const alarms = (seconds * 1_000) / serverLimits.announceQuietMs;
  return {
    // An announcement is a call of the Worker.
    requests: assumed.writers + announcements + alarms,
    messages: commits + assumed.writers * assumed.presencePerSecond * seconds,
    activeSeconds: seconds,
    rowsRead: room.rowsPerLoad,
    rowsWritten:
      commits * room.rowsPerCommit.of1 +
      snapshots * room.rowsPerSnapshot +
      assumed.writers * room.rowsPerWriter +
      announcements * room.rowsPerAnnouncement +
      alarms,
  };
}

/** Somebody is shown to somebody: an alarm looks for the silent, as often as pings and silence at most make it. */
function quietHour(room: MeasuredRoom): Use {
  const alarms = 3_600 / (limits.silenceSeconds - limits.pingSeconds);
  return {
    requests: alarms,
    activeSeconds: alarms * assumed.alarmSeconds,
    rowsWritten: room.rowsOfAudience + alarms,
  };
}

const line = (what: string, use: Use): string[] => [
  what,
  grouped((use.requests ?? 0) + (use.messages ?? 0) / prices.messagesPerRequest),
  grouped((use.activeSeconds ?? 0) * prices.objectGigabytes),
  grouped(use.rowsWritten ?? 0),
  dollars(costOf(use)),
];

/** The tables of docs/cost.md, which a test compares with the page. */
export function costTables(room: MeasuredRoom): { prices: string; measured: string; costs: string } {
  return {
    prices: table(
      [`price on ${prices.asOf}`, "US dollars"],
      [
        ["a million requests (RPC calls, upgrades)", prices.millionRequests],
        ["a million messages from sockets", prices.millionRequests / prices.messagesPerRequest],
        ["a million messages to sockets", 0],
        ["a million GB-s of an active object (which counts as 0.128 GB)", prices.millionGigabyteSeconds],
        ["a million rows read", prices.millionRowsRead],
        ["a million rows written", prices.millionRowsWritten],
        ["a GB stored for a month", prices.gigabyteMonth],
      ],
    ),
    measured: table(
      ["measured", ""],
      [
        ["rows written by a commit of one operation", room.rowsPerCommit.of1],
        ["rows written by a commit of 50 operations", room.rowsPerCommit.of50],
        ["rows written besides, when a snapshot is due", room.rowsPerSnapshot],
        ["rows written besides, when somebody writes for the first time", room.rowsPerWriter],
        ["rows written besides, to announce edits (alarms included)", room.rowsPerAnnouncement],
        ["rows written by joining, presence, pings and leaving", room.rowsOfAudience],
        ["rows read to load a room, besides one for each commit since the snapshot", room.rowsPerLoad],
        ["messages to sockets for one operation among ten", room.framesPerOperation],
      ],
    ),
    costs: table(
      ["", "requests", "GB-s", "rows written", "US dollars"],
      [
        line("a million operations, one in each commit", millionOperations(room, 1)),
        line("a million operations, 50 in each commit", millionOperations(room, 50)),
        line("a document for an hour, nobody there", {}),
        line("a document for an hour, people shown to each other, nobody typing", quietHour(room)),
        line("a document for an hour, three people typing without a pause", activeHour(room)),
      ],
    ),
  };
}
