import { env } from "cloudflare:workers";
import type { TokensBody } from "../../src/protocol/rest/accounts.ts";
import type { WorkspaceRole } from "../../src/workspaces/roles.ts";

/** Makes somebody a member, or gives them another role, without an invitation. */
export async function addMember(
  workspaceId: string,
  { user }: TokensBody,
  role: WorkspaceRole,
): Promise<void> {
  await env.DB.prepare(
    `INSERT INTO memberships (workspace_id, user_id, role, created_at) VALUES (?, ?, ?, ?)
     ON CONFLICT DO UPDATE SET role = excluded.role`,
  )
    .bind(workspaceId, user.id, role, Date.now())
    .run();
}

/** Has people confirm their addresses, without messages. */
export async function confirmAddresses(...people: TokensBody[]): Promise<void> {
  const confirm = env.DB.prepare("UPDATE users SET email_verified_at = 1 WHERE id = ?");
  await env.DB.batch(people.map(({ user }) => confirm.bind(user.id)));
}
