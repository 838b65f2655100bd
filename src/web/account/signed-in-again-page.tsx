import { Link, useSearch } from "wouter";
import { useUser } from "../client.ts";
import { Notice } from "../design/notice.tsx";
import { Doorway } from "./doorway.tsx";
import { googleRefusal } from "./google-refusal.ts";

/** Where Google leads back to in a tab of its own, while something waits in another one. */
export function SignedInAgainPage() {
  const refused = new URLSearchParams(useSearch()).get("error");
  const user = useUser();
  if (refused || !user) {
    return (
      <Doorway title="Not signed in" foot={<Link href="/">To your documents</Link>}>
        <Notice kind="bad">{googleRefusal(refused ?? "")}</Notice>
      </Doorway>
    );
  }
  return (
    <Doorway title="You are signed in">
      <p>As {user.email}. Close this tab, and go on in the one where you were.</p>
    </Doorway>
  );
}
