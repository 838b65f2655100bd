import { env } from "cloudflare:workers";
import { issueAccessToken } from "../../src/auth/access-token.ts";
import { hashOf, newRandomToken } from "../../src/auth/random-token.ts";
import { newSession } from "../../src/auth/sessions.ts";
import { signingKeysOf } from "../../src/auth/signing-keys.ts";
import { database } from "../../src/db/database.ts";
import * as tables from "../../src/db/schema.ts";
import { settingsOf } from "../../src/env.ts";
import type { TokensBody } from "../../src/protocol/rest/accounts.ts";
import { newAccount } from "./api.ts";

// Everybody who may come, and everything that they may ask for (docs/authorization.md). Made in D1, not over REST: what is
// on trial is who may do things, and there are thousands of cells.

const db = database(env.DB);
const now = () => Date.now();
const later = () => now() + 3_600_000;

/** Who has an account, whatever they are in the team. */
const accounts = ["outsider", "viewer", "editor", "author", "admin", "owner", "reader", "writer"] as const;
/** Besides: who owns what is foreign, who has a part in it, and on whom the others act. */
type Person = (typeof accounts)[number] | "stranger" | "acquaintance" | "spare";

const guests = {
  guest: { role: "viewer", history: false },
  "guest, history": { role: "viewer", history: true },
  "guest, editor": { role: "editor", history: false },
} as const;
type GuestName = keyof typeof guests;
const programs = { "token, read": "documents:read", "token, write": "documents:write" } as const;

export const principals = [
  "nobody",
  "forged",
  ...accounts,
  ...(Object.keys(guests) as GuestName[]),
  ...(Object.keys(programs) as (keyof typeof programs)[]),
];
export type PrincipalName = (typeof principals)[number];

/** Something in a workspace or a document that has an id of its own, by the name of the parameter. */
export type Parts = Record<"link_id" | "user_id" | "invitation_id" | "webhook_id" | "delivery_id", string>;

/** What is asked for: a document, or a workspace, and what is in it. */
export interface Thing {
  id: string;
  parts: Parts;
  /** Where `parts` are not its own: those that are. */
  ownParts?: Parts;
  /** Of documents: the token of a link that is for guests, and those of the guests who came by others. */
  linkToken: string;
  guestTokens: Record<GuestName, string>;
}

const uuid = () => crypto.randomUUID();
const absentParts = (): Parts => ({
  link_id: uuid(),
  user_id: uuid(),
  invitation_id: uuid(),
  webhook_id: uuid(),
  delivery_id: uuid(),
});
const guestToken = () => newRandomToken("guest_");

/** What is nowhere, and who came into it by no link. */
export const absent = (): Thing => ({
  id: uuid(),
  parts: absentParts(),
  linkToken: newRandomToken(),
  guestTokens: { guest: guestToken(), "guest, history": guestToken(), "guest, editor": guestToken() },
});

export class Scene {
  readonly people: Record<Person, TokensBody>;
  readonly #tokens = new Map<PrincipalName, string>();
  /** Where webhooks lead to. */
  readonly target: string;

  private constructor(people: Record<Person, TokensBody>, target: string) {
    this.people = people;
    this.target = target;
  }

  static async make(target: string): Promise<Scene> {
    const names: Person[] = [...accounts, "stranger", "acquaintance", "spare"];
    const opened = await Promise.all(names.map(async (name) => [name, await newAccount()] as const));
    const people = Object.fromEntries(opened) as Record<Person, TokensBody>;
    await db.update(tables.users).set({ emailVerifiedAt: now() });
    const scene = new Scene(people, target);
    for (const [name, scope] of Object.entries(programs)) {
      const token = newRandomToken("mat_");
      scene.#tokens.set(name as PrincipalName, token);
      const userId = people.owner.user.id;
      const tokenHash = await hashOf(token);
      await db
        .insert(tables.personalTokens)
        .values({ id: uuid(), userId, name, tokenHash, scope, createdAt: now(), expiresAt: later() });
    }
    return scene;
  }

  idOf(name: Person): string {
    return this.people[name].user.id;
  }

  /** The workspace that this person has from the start; who has none is given one that is not there. */
  async personalWorkspaceOf(name: PrincipalName): Promise<string> {
    const userId = name in this.people ? this.idOf(name as Person) : this.idOf("owner");
    const found = await env.DB.prepare("SELECT id FROM workspaces WHERE personal_user_id = ?")
      .bind(userId)
      .first<string>("id");
    return found!;
  }

  /** What they bear: a person, the token of a session that nothing has ended yet; a guest, that of their document. */
  async tokenOf(name: PrincipalName, { guestTokens }: Thing): Promise<string | undefined> {
    if (name === "nobody") return undefined;
    if (name in guestTokens) return guestTokens[name as GuestName];
    if (name === "forged") {
      const [head, claims] = this.people.owner.access_token.split(".");
      return `${head}.${claims}.${"A".repeat(86)}`;
    }
    return this.#tokens.get(name) ?? (await this.newSessionOf(name as Person)).token;
  }

  async newSessionOf(name: Person): Promise<{ token: string; sessionId: string }> {
    const userId = this.idOf(name);
    const session = newSession(userId, { address: null, userAgent: null }, now());
    await db.insert(tables.sessions).values(session);
    const keys = await signingKeysOf(settingsOf(env).signingKeys);
    const issued = { userId, sessionId: session.id, sessionEndsAt: later() };
    return { token: (await issueAccessToken(keys, issued, now())).token, sessionId: session.id };
  }

  /** A workspace with everybody in their part, an invitation, and a webhook with a delivery. */
  async newTeam({ foreign = false, deleted = false } = {}): Promise<Thing> {
    const thing = absent();
    const { id: workspaceId, parts } = thing;
    const createdAt = now();
    const createdBy = this.idOf(foreign ? "stranger" : "owner");
    const member = (userId: string, role: "owner" | "admin" | "editor" | "viewer") =>
      db.insert(tables.memberships).values({ workspaceId, userId, role, createdAt });
    // Who acts on somebody acts on the spare one; in what is foreign there is another.
    parts.user_id = this.idOf(foreign ? "acquaintance" : "spare");
    const eventId = uuid();
    await db.batch([
      db
        .insert(tables.workspaces)
        .values({ id: workspaceId, name: "Team", createdAt, deletedAt: deleted ? createdAt : null }),
      ...(foreign
        ? [member(this.idOf("stranger"), "owner"), member(parts.user_id, "viewer")]
        : [
            member(this.idOf("viewer"), "viewer"),
            member(this.idOf("editor"), "editor"),
            member(this.idOf("author"), "editor"),
            member(this.idOf("admin"), "admin"),
            member(this.idOf("owner"), "owner"),
            member(this.idOf("spare"), "viewer"),
          ]),
      db.insert(tables.invitations).values({
        id: parts.invitation_id,
        workspaceId,
        email: "x@example.com",
        emailNormalized: "x@example.com",
        role: "viewer",
        tokenHash: uuid(),
        invitedBy: createdBy,
        createdAt,
        expiresAt: later(),
      }),
      db.insert(tables.webhooks).values({
        id: parts.webhook_id,
        workspaceId,
        name: "Hook",
        url: this.target,
        secretGeneration: 1,
        createdBy,
        createdAt,
      }),
      db.insert(tables.outbox).values({
        id: eventId,
        type: "webhooks.ping",
        workspaceId,
        data: "{}",
        createdAt,
        dueAt: null,
      }),
      db.insert(tables.webhookDeliveries).values({
        id: parts.delivery_id,
        webhookId: parts.webhook_id,
        eventId,
        status: "delivered",
        attempts: 1,
        dueAt: null,
        createdAt,
      }),
    ]);
    return thing;
  }

  /** A document of a workspace, made by the author, with grants, links, and guests. */
  async newDocument(workspaceId: string, { foreign = false, trashed = false } = {}): Promise<Thing> {
    const thing = absent();
    const { id: documentId, parts } = thing;
    const createdAt = now();
    const ownerId = this.idOf(foreign ? "stranger" : "author");
    parts.user_id = this.idOf(foreign ? "acquaintance" : "reader");
    const link = { documentId, name: "Link", createdBy: ownerId, createdAt, expiresAt: null, guests: true };
    const grant = (userId: string, role: "editor" | "viewer") =>
      db.insert(tables.documentGrants).values({ documentId, userId, role, grantedBy: ownerId, createdAt });
    const comers = await Promise.all(
      Object.entries(thing.guestTokens).map(async ([name, token]) => [name, await hashOf(token)] as const),
    );
    await env.ROOMS.getByName(documentId).create({
      content: "some text",
      author: { userId: ownerId, kind: "person" },
    });
    const linkIds = { guest: uuid(), "guest, history": uuid(), "guest, editor": uuid() };
    const deletedAt = trashed ? createdAt : null;
    await db.batch([
      db.insert(tables.documents).values({
        id: documentId,
        workspaceId,
        ownerId,
        title: "T",
        createdAt,
        updatedAt: createdAt,
        deletedAt,
      }),
      ...(foreign
        ? [grant(parts.user_id, "viewer")]
        : [grant(this.idOf("reader"), "viewer"), grant(this.idOf("writer"), "editor")]),
      db.insert(tables.shareLinks).values({
        ...link,
        id: parts.link_id,
        role: "viewer",
        history: false,
        tokenHash: await hashOf(thing.linkToken),
      }),
      ...Object.entries(guests).map(([name, gives]) =>
        db
          .insert(tables.shareLinks)
          .values({ ...link, ...gives, id: linkIds[name as GuestName], tokenHash: uuid() }),
      ),
      ...comers.map(([name, tokenHash]) =>
        db.insert(tables.linkVisitors).values({
          linkId: linkIds[name as GuestName],
          visitorId: uuid(),
          documentId,
          guestName: "Guest",
          tokenHash,
          createdAt,
          expiresAt: later(),
        }),
      ),
    ]);
    return thing;
  }
}
