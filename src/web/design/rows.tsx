import type { ReactNode } from "react";
import "./rows.css";

/** Things one below the other, each with what can be done with it. */
export function Rows({ children }: { children: ReactNode }) {
  return <ul className="rows">{children}</ul>;
}

interface RowProps {
  /** In front of it, such as a picture. */
  mark?: ReactNode;
  title: ReactNode;
  note?: ReactNode;
  /** Below all of it, as wide as the list. */
  more?: ReactNode;
  /** What can be done with it. */
  children?: ReactNode;
}

export function Row({ mark, title, note, more, children }: RowProps) {
  return (
    <li className="row">
      {mark}
      <div className="row-what">
        <div className="row-title">{title}</div>
        {note && <div className="row-note">{note}</div>}
      </div>
      {children && <div className="row-actions">{children}</div>}
      {more && <div className="row-more">{more}</div>}
    </li>
  );
}
