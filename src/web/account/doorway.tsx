import type { ReactNode } from "react";
import { Link } from "wouter";
import { useTitle } from "../shell/title.ts";
import "./doorway.css";

/** What the pages before the service look like: one card, one thing to do. */
export function Doorway({ title, children, foot }: { title: string; children: ReactNode; foot?: ReactNode }) {
  useTitle(title);
  return (
    <main className="doorway">
      <Link href="/" className="doorway-brand">
        <img src="/icon.svg" alt="" width="32" height="32" />
        Materi
      </Link>
      <div className="doorway-card">
        <h1>{title}</h1>
        {children}
      </div>
      {foot && <p className="doorway-foot">{foot}</p>}
    </main>
  );
}
