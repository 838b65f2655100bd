import { and, eq } from "drizzle-orm";
import type { Database } from "../db/database.ts";
import { memberships, workspaces } from "../db/schema.ts";

/** The workspace that a person names, or their personal one, if they are a member of it. */
export async function workspaceOf(
  db: Database,
  userId: string,
  workspaceId: string | undefined,
): Promise<{ id: string } | undefined> {
  const named =
    workspaceId === undefined ? eq(workspaces.personalUserId, userId) : eq(workspaces.id, workspaceId);
  const [workspace] = await db
    .select({ id: workspaces.id })
    .from(workspaces)
    .innerJoin(memberships, eq(memberships.workspaceId, workspaces.id))
    .where(and(named, eq(memberships.userId, userId)));
  return workspace;
}
