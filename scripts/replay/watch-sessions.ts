import type { DocumentSession } from "../../src/client/document-session.ts";
import { ReplayFailure } from "./failure.ts";

/**
 * Calls `fail` when a session ends, has an edit refused, or stays without a connection for `patience`
 * milliseconds. Returns how often a connection was lost so far, and how to stop watching.
 */
export function watchSessions(
  sessions: readonly DocumentSession[],
  patience: number,
  fail: (failure: ReplayFailure) => void,
): { interruptions: () => number; stop: () => void } {
  let interruptions = 0;
  const stops = sessions.flatMap((session) => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let wasLive = session.connection.state === "live";
    const isLost = () => {
      const line = `The connection was lost, and the service has not come back within ${patience / 1000} s.`;
      fail(new ReplayFailure("server", line));
    };
    return [
      session.on("connection", (connection) => {
        const isLive = connection.state === "live";
        if (isLive) {
          clearTimeout(timer);
          timer = undefined;
        } else {
          timer ??= setTimeout(isLost, patience);
        }
        if (wasLive && !isLive) interruptions += 1;
        wasLive = isLive;
        if (connection.state === "ended") {
          fail(new ReplayFailure("refused", `The service ended a session: ${connection.reason}.`));
        }
      }),
      session.on("rejected", ({ code, detail }) => {
        fail(new ReplayFailure("refused", `The service refused an edit: ${code}, ${detail}`));
      }),
      () => clearTimeout(timer),
    ];
  });
  return {
    interruptions: () => interruptions,
    stop: () => {
      for (const stop of stops) stop();
    },
  };
}
