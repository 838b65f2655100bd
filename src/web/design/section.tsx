import { type ReactNode, useId } from "react";
import "./section.css";

/** A part of a page that has a name of its own. */
export function Section({
  title,
  about,
  children,
}: {
  title: string;
  about?: ReactNode;
  children: ReactNode;
}) {
  const id = useId();
  return (
    <section className="section" aria-labelledby={id}>
      <div className="section-head">
        <h2 id={id}>{title}</h2>
        {about && <p>{about}</p>}
      </div>
      {children}
    </section>
  );
}
