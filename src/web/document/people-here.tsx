import type { DocumentSession } from "../../client/index.ts";
import { Avatar } from "../shell/avatar.tsx";
import { useOfSession } from "./use-session.ts";

const shown = 5;

/** Who else has the document open. */
export function PeopleHere({ session }: { session: DocumentSession }) {
  const here = useOfSession(session, ["presence"], () => namesOf(session));
  const people = here === "" ? [] : (JSON.parse(here) as { userId: string; name: string; color: string }[]);
  return (
    <ul className="people" aria-label="Who is here">
      {people.slice(0, shown).map(({ userId, name, color }) => (
        <li key={userId}>
          <Avatar name={name} color={color} />
          <span className="heard-only">{name}</span>
        </li>
      ))}
      {people.length > shown && <li>+{people.length - shown}</li>}
    </ul>
  );
}

/** As a string, which is equal as long as nobody comes or goes; one person may have several windows. */
function namesOf(session: DocumentSession): string {
  const people = new Map(session.others.map(({ userId, name, color }) => [userId, { userId, name, color }]));
  return people.size === 0 ? "" : JSON.stringify([...people.values()]);
}
