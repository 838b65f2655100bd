/** The tabs of one browser that have one sign-in. */
export interface OtherTabs<Message> {
  tell(message: Message | undefined): void;
  /** Runs `act` while no other tab runs anything so. */
  alone<T>(act: () => Promise<T>): Promise<T>;
}

/** As much of the Web Locks API as is used. */
interface Locks {
  request<T>(name: string, act: () => Promise<T>): Promise<T>;
  request<T>(name: string, options: { ifAvailable: true }, act: (lock: unknown) => Promise<T>): Promise<T>;
}

/** Milliseconds in which what one tab tells has reached the others. */
const passage = 50;

/**
 * Talks with the other tabs of this origin that use the service at `url`; undefined where there are none, as in Node.
 * What is told is in memory alone.
 */
export function acrossTabs<Message>(
  url: string,
  hear: (message: Message | undefined) => void,
): OtherTabs<Message> | undefined {
  const name = `materi ${url}`;
  const { locks } = (globalThis as { navigator?: { locks?: Locks } }).navigator ?? {};
  if (!locks || typeof BroadcastChannel === "undefined") return undefined;
  const channel = new BroadcastChannel(name);
  channel.onmessage = ({ data }: { data: { message: Message | undefined } }) => hear(data.message);
  // Node, which has all of this, too, is not kept alive by it.
  (channel as { unref?: () => void }).unref?.();
  return {
    tell: (message) => channel.postMessage({ message }),
    async alone<T>(act: () => Promise<T>) {
      const first = await locks.request(name, { ifAvailable: true }, async (lock) =>
        lock ? { result: await act() } : undefined,
      );
      if (first) return first.result;
      return await locks.request(name, async () => {
        // For what the tab before has told.
        await new Promise((resolve) => setTimeout(resolve, passage));
        return await act();
      });
    },
  };
}
