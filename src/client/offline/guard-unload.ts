import type { DocumentSession } from "../document-session.ts";

interface Page {
  addEventListener(type: "beforeunload", listener: (event: { preventDefault(): void }) => void): void;
  removeEventListener(type: "beforeunload", listener: (event: { preventDefault(): void }) => void): void;
}

/**
 * Has the browser ask before it leaves a page with edits that are not saved. There is no listener while all are, as one
 * keeps a page out of the browser's memory of pages. Returns what ends it.
 */
export function guardUnload(session: DocumentSession): () => void {
  const page = globalThis as unknown as Page;
  const ask = (event: { preventDefault(): void }) => event.preventDefault();
  const follow = () => {
    const { status } = session;
    const isUnsaved = status.kind === "saving" || ("edits" in status && status.edits > 0);
    page[isUnsaved ? "addEventListener" : "removeEventListener"]("beforeunload", ask);
  };
  follow();
  const unfollow = session.on("status", follow);
  return () => {
    unfollow();
    page.removeEventListener("beforeunload", ask);
  };
}
