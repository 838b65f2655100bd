import { useInfiniteQuery } from "@tanstack/react-query";
import { client } from "../client.ts";
import { Fault, Waiting } from "../design/notice.tsx";
import { Row, Rows } from "../design/rows.tsx";
import { Section } from "../design/section.tsx";
import { ShowMore } from "../design/show-more.tsx";
import { At } from "../design/time.tsx";
import { deviceName } from "./device-name.ts";
import { securityKey } from "./security-query.ts";

/** What the service's names of events say. It may have newer ones, which stand for themselves. */
const names: Record<string, string | undefined> = {
  "account.registered": "The account was opened",
  "account.renamed": "The name was changed",
  "account.exported": "Everything was exported",
  "session.started": "Signed in",
  "session.ended": "Signed out",
  "session.revoked": "A session was ended",
  "session.reauthenticated": "Proved who you are",
  "session.refresh_reused": "A session was ended: its token was used twice",
  "login.failed": "Wrong password",
  "login.throttled": "Too many wrong passwords",
  "second_factor.enabled": "The second factor was switched on",
  "second_factor.disabled": "The second factor was switched off",
  "second_factor.asked": "The first factor was right, and a code was asked for",
  "second_factor.failed": "Wrong code",
  "second_factor.throttled": "Too many wrong codes",
  "second_factor.recovery_code_used": "A recovery code was used",
  "second_factor.recovery_codes_renewed": "New recovery codes were made",
  "password.changed": "The password was changed",
  "password.reset_requested": "A link for a new password was asked for",
  "password.reset": "A new password was chosen by a link",
  "email.verification_sent": "A link to confirm the address was sent",
  "email.verified": "The address was confirmed",
  "email.change_requested": "Another address was asked for",
  "email.changed": "The address was changed",
  "identity.linked": "Google was linked",
  "identity.unlinked": "Google was unlinked",
  "personal_token.created": "An access token was made",
  "personal_token.revoked": "An access token was revoked",
};

/** What happened to the security of one's account, the newest first. */
export function SecurityEvents() {
  const list = useInfiniteQuery({
    queryKey: [...securityKey, "audit"],
    queryFn: ({ pageParam }) => client.account.audit({ limit: 10, ...(pageParam && { cursor: pageParam }) }),
    initialPageParam: "",
    getNextPageParam: ({ next_cursor }) => next_cursor,
  });
  return (
    <Section title="What has happened">
      {list.isPending && <Waiting label="Loading events" />}
      {list.isError && <Fault error={list.error} retry={list.refetch} />}
      {list.data && (
        <Rows>
          {list.data.pages
            .flatMap(({ items }) => items)
            .map(({ id, event, address, user_agent, created_at }) => (
              <Row
                key={id}
                title={names[event] ?? event}
                note={
                  <>
                    <At time={created_at} />, {deviceName(user_agent)}
                    {address && `, ${address}`}
                  </>
                }
              />
            ))}
        </Rows>
      )}
      <ShowMore list={list} />
    </Section>
  );
}
