import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { items } from "../../client/index.ts";
import { client } from "../client.ts";
import { Button } from "../design/button.tsx";
import { Fault, Notice, Waiting } from "../design/notice.tsx";
import { Row, Rows } from "../design/rows.tsx";
import { Section } from "../design/section.tsx";
import { Ago } from "../design/time.tsx";
import { deviceName } from "./device-name.ts";
import { securityKey } from "./security-query.ts";

/** Where one is signed in. */
export function SessionsSection() {
  const queries = useQueryClient();
  const sessions = useQuery({
    queryKey: [...securityKey, "sessions"],
    queryFn: () => Array.fromAsync(items((page) => client.account.sessions({ ...page, limit: 100 }))),
  });
  const onSettled = () => queries.invalidateQueries({ queryKey: securityKey });
  const end = useMutation({ mutationFn: (id: string) => client.account.endSession(id), onSettled });
  const endOthers = useMutation({ mutationFn: () => client.auth.logout("others"), onSettled });
  const error = end.error ?? endOthers.error;
  return (
    <Section
      title="Where you are signed in"
      about="End what you do not know, then change your password. Ending takes effect at once, also for documents that are open there."
    >
      {sessions.isPending && <Waiting label="Loading sessions" />}
      {sessions.isError && <Fault error={sessions.error} retry={sessions.refetch} />}
      {error && <Fault error={error} />}
      {sessions.data && (
        <Rows>
          {sessions.data.map(({ id, current, created_at, last_used_at, address, user_agent }) => (
            <Row
              key={id}
              title={
                <>
                  <span title={user_agent ?? undefined}>{deviceName(user_agent)}</span>{" "}
                  {current && <span className="badge badge-good">This one</span>}
                </>
              }
              note={
                <>
                  {address && `${address}, `}last used <Ago time={last_used_at} />, signed in{" "}
                  <Ago time={created_at} />
                </>
              }
            >
              {!current && (
                <Button
                  small
                  aria-label={`End the session of ${deviceName(user_agent)}`}
                  busy={end.isPending && end.variables === id}
                  onClick={() => end.mutate(id)}
                >
                  End
                </Button>
              )}
            </Row>
          ))}
        </Rows>
      )}
      {endOthers.isSuccess && <Notice>All other devices are signed out.</Notice>}
      {sessions.data && sessions.data.length > 1 && (
        <Button busy={endOthers.isPending} onClick={() => endOthers.mutate()}>
          Sign out everywhere else
        </Button>
      )}
    </Section>
  );
}
