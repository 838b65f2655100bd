import type { Member } from "../../client/index.ts";

export type Role = Member["role"];

/** The most first. */
const roles: readonly Role[] = ["owner", "admin", "editor", "viewer"];

export const roleNames: Record<Role, string> = {
  owner: "Owner",
  admin: "Admin",
  editor: "Editor",
  viewer: "Viewer",
};

/** What each may do, in a word. */
export const roleHints: Record<Role, string> = {
  owner: "does everything, and can delete the workspace",
  admin: "manages members and settings",
  editor: "writes",
  viewer: "reads",
};

export const manages = (role: Role): boolean => role === "owner" || role === "admin";

/** Whether one rules over a document: those who manage its workspace do, and who made it for as long as they write there. */
export function rules(role: Role | undefined, document: { owner_id: string }, you: string): boolean {
  return role !== undefined && (manages(role) || (writes(role) && document.owner_id === you));
}

export const writes = (role: Role): boolean => role !== "viewer";

/** Somebody in a workspace, as one who is in it with the role `you` sees them. */
interface Seen {
  you: Role;
  role: Role;
  isYou: boolean;
  /** A workspace always has an owner. */
  isLastOwner: boolean;
}

/** What somebody may be made, what they are among it: the service decides, and what it refuses is not offered. */
export function rolesFor({ you, role, isYou, isLastOwner }: Seen): readonly Role[] {
  if (isLastOwner) return [role];
  if (you === "owner") return roles;
  if (you === "admin" && role !== "owner") return roles.slice(1);
  return isYou ? roles.slice(roles.indexOf(role)) : [role];
}

export function mayRemove({ you, role, isYou, isLastOwner }: Seen): boolean {
  return !isLastOwner && (isYou || you === "owner" || (you === "admin" && role !== "owner"));
}
