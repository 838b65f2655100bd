type Listen = (type: "online" | "offline", listener: () => void) => void;

/** Hears of a browser's network, which comes or goes; of nothing elsewhere. Returns what ends that. */
export function hearNetwork(online: () => void, offline: () => void): () => void {
  const page = globalThis as unknown as { addEventListener?: Listen; removeEventListener?: Listen };
  page.addEventListener?.("online", online);
  page.addEventListener?.("offline", offline);
  return () => {
    page.removeEventListener?.("online", online);
    page.removeEventListener?.("offline", offline);
  };
}
