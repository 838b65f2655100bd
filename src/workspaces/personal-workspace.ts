import type { BatchItem } from "drizzle-orm/batch";
import type { Database } from "../db/database.ts";
import { memberships, workspaces } from "../db/schema.ts";

/** The statements that give a new person a workspace of their own. */
export function personalWorkspace(
  db: Database,
  user: { id: string; createdAt: number },
): BatchItem<"sqlite">[] {
  const id = crypto.randomUUID();
  const { createdAt } = user;
  return [
    db.insert(workspaces).values({ id, name: "Personal", personalUserId: user.id, createdAt }),
    db.insert(memberships).values({ workspaceId: id, userId: user.id, role: "owner", createdAt }),
  ];
}
