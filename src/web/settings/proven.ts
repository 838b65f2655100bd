import { useSyncExternalStore } from "react";
import { MateriError } from "../../client/index.ts";

/** What waits for somebody to prove who they are. */
interface Waiting {
  proven: () => void;
  givenUp: () => void;
}

let waiting: Waiting | undefined;
const listeners = new Set<() => void>();

function setWaiting(next: Waiting | undefined): void {
  waiting = next;
  for (const listener of listeners) listener();
}

/** What the dialog is there for (reauthentication-dialog.tsx). */
export const useWaiting = () =>
  useSyncExternalStore(
    (changed) => {
      listeners.add(changed);
      return () => listeners.delete(changed);
    },
    () => waiting,
  );

/**
 * Does something that the service may want a recent proof for: then the person is asked for it, and it is done again.
 * Throws what `act` throws; `reauthentication_required` where they would not prove it.
 */
export async function proven<T>(act: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await act();
    } catch (error) {
      if (!(error instanceof MateriError && error.code === "reauthentication_required")) throw error;
      await new Promise<void>((resolve, reject) => {
        // One dialog at a time: the later act takes the place of the earlier.
        waiting?.givenUp();
        setWaiting({
          proven: () => {
            setWaiting(undefined);
            resolve();
          },
          givenUp: () => {
            setWaiting(undefined);
            reject(error);
          },
        });
      });
    }
  }
}
