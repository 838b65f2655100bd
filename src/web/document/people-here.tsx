import type { DocumentSession } from "../../client/index.ts";
import { usePresence } from "../../client/react/index.ts";
import { Avatar } from "../shell/avatar.tsx";

const shown = 5;

/** Who else has the document open. */
export function PeopleHere({ session }: { session: DocumentSession }) {
  // One person may have several windows.
  const people = [...new Map(usePresence(session).map((other) => [other.userId, other])).values()];
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
