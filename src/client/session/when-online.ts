interface Page {
  addEventListener?(type: "online", listener: () => void): void;
  removeEventListener?(type: "online", listener: () => void): void;
}

/** Calls `listener` whenever a browser says that the network is back; elsewhere never. Returns what ends that. */
export function whenOnline(listener: () => void): () => void {
  const page = globalThis as unknown as Page;
  page.addEventListener?.("online", listener);
  return () => page.removeEventListener?.("online", listener);
}
