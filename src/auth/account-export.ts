import { and, desc, eq } from "drizzle-orm";
import { type Database, database } from "../db/database.ts";
import { olderThan } from "../db/page-position.ts";
import { auditEvents, identities, memberships, personalTokens, sessions, workspaces } from "../db/schema.ts";
import { encodeCursor, type Position } from "../platform/cursor.ts";
import { errorFields, log } from "../platform/log.ts";
import { limits } from "../protocol/limits.ts";
import type { AuditEventBody } from "../protocol/rest/sessions.ts";
import type { AuthPorts } from "./ports.ts";
import { factorOf, secondFactorBody } from "./second-factors.ts";
import { auditEventBody, sessionBody } from "./session-body.ts";
import type { User } from "./sessions.ts";
import { userBody } from "./token-answer.ts";

/**
 * Everything that is kept about a person, as the text of one JSON object, made while it is read: what it holds at a time
 * is one document. `after` is a position from an export before, which goes on with the documents after it alone.
 */
export function exportAccount(
  env: Env,
  ports: Pick<AuthPorts, "ownDocuments">,
  { user, after }: { user: User; after: Position | null },
  now: number,
): ReadableStream<Uint8Array> {
  const parts = exportParts(env, ports, { user, after }, now);
  const encoder = new TextEncoder();
  return new ReadableStream({
    async pull(controller) {
      try {
        const { value, done } = await parts.next();
        if (done) controller.close();
        else controller.enqueue(encoder.encode(value));
      } catch (error) {
        // The status has gone out already: whoever reads gets a broken body, and no end of the object.
        log("error", "export_failed", { user_id: user.id, ...errorFields(error) });
        controller.error(error);
      }
    },
    async cancel() {
      await parts.return(undefined);
    },
  });
}

async function* exportParts(
  env: Env,
  ports: Pick<AuthPorts, "ownDocuments">,
  { user, after }: { user: User; after: Position | null },
  now: number,
): AsyncGenerator<string> {
  const db = database(env.DB);
  yield `{"exported_at":${JSON.stringify(time(now))}`;
  if (after === null) {
    for (const [name, value] of Object.entries(await accountParts(db, user))) {
      yield `,\n${JSON.stringify(name)}:${JSON.stringify(value)}`;
    }
    yield* list("audit", audit(db, user.id));
  }
  let exported = 0;
  let last: Position | undefined;
  yield* list(
    "documents",
    (async function* () {
      for await (const { position, body } of ports.ownDocuments(env, user.id, after)) {
        // One more than fits tells that there are more.
        if (++exported > limits.exportDocuments) return;
        last = position;
        yield body;
      }
    })(),
  );
  const more = exported > limits.exportDocuments && last;
  yield `,\n"next_cursor":${JSON.stringify(more ? encodeCursor(more) : null)}}\n`;
}

async function* list(name: string, items: AsyncIterable<object>): AsyncGenerator<string> {
  yield `,\n${JSON.stringify(name)}:[`;
  let separator = "\n";
  for await (const item of items) {
    yield separator + JSON.stringify(item);
    separator = ",\n";
  }
  yield "]";
}

/** What fits in memory. No secret is among it: neither a password's hash nor one of a token. */
async function accountParts(db: Database, user: User) {
  const factor = await factorOf(db, user.id);
  const [linked, signIns, tokens, memberOf] = await db.batch([
    db.select().from(identities).where(eq(identities.userId, user.id)),
    db.select().from(sessions).where(eq(sessions.userId, user.id)),
    db.select().from(personalTokens).where(eq(personalTokens.userId, user.id)),
    db
      .select({
        id: workspaces.id,
        name: workspaces.name,
        role: memberships.role,
        since: memberships.createdAt,
      })
      .from(memberships)
      .innerJoin(workspaces, eq(workspaces.id, memberships.workspaceId))
      .where(eq(memberships.userId, user.id)),
  ]);
  return {
    account: userBody(user),
    identities: linked.map(({ provider, subject, email, createdAt }) => ({
      provider,
      subject,
      email,
      created_at: time(createdAt),
    })),
    second_factor: secondFactorBody(factor),
    sessions: signIns.map(sessionBody),
    personal_tokens: tokens.map(({ id, name, scope, createdAt, expiresAt, lastUsedAt }) => ({
      id,
      name,
      scope,
      created_at: time(createdAt),
      expires_at: time(expiresAt),
      last_used_at: lastUsedAt === null ? null : time(lastUsedAt),
    })),
    workspaces: memberOf.map(({ since, ...workspace }) => ({ ...workspace, member_since: time(since) })),
  };
}

const rowsAtOnce = 500;

/** All of a person's audit, newest first. */
async function* audit(db: Database, userId: string): AsyncGenerator<AuditEventBody> {
  let after: Position | undefined;
  do {
    const rows = await db
      .select()
      .from(auditEvents)
      .where(and(eq(auditEvents.userId, userId), olderThan(auditEvents, after)))
      .orderBy(desc(auditEvents.createdAt), desc(auditEvents.id))
      .limit(rowsAtOnce);
    for (const row of rows) yield auditEventBody(row);
    after = rows.length < rowsAtOnce ? undefined : rows.at(-1);
  } while (after);
}

const time = (at: number) => new Date(at).toISOString();
