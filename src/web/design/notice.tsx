import type { ReactNode } from "react";
import { Button } from "./button.tsx";
import { explain } from "./explain.ts";
import "./notice.css";

/** Something to know, said where it matters. What has gone wrong is read out at once. */
export function Notice({ kind = "info", children }: { kind?: "info" | "warn" | "bad"; children: ReactNode }) {
  return (
    <div className={`notice notice-${kind}`} role={kind === "info" ? "status" : "alert"}>
      {children}
    </div>
  );
}

/** What went wrong and what to do; with `retry`, a way to do it. */
export function Fault({ error, retry }: { error: unknown; retry?: () => unknown }) {
  return (
    <Notice kind="bad">
      <span>{explain(error)}</span>
      {retry && (
        <Button small onClick={() => void retry()}>
          Try again
        </Button>
      )}
    </Notice>
  );
}

/** Where there is nothing yet: what would be here, and how to make it. */
export function Empty({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <div className="empty">
      <h2>{title}</h2>
      {children}
    </div>
  );
}

/** Where something will be in a moment. */
export function Waiting({ label = "Loading" }: { label?: string }) {
  return (
    <div className="waiting" role="status">
      <span className="heard-only">{label}…</span>
      <span />
      <span />
      <span />
    </div>
  );
}
