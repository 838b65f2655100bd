import type { Routes } from "./routes.ts";

/** What the methods of MateriClient are called, by concept, and the routes that they are. */
export const methods = {
  account: {
    signInMethods: "GET /auth/methods",
    get: "GET /users/me",
    update: "PATCH /users/me",
    sendVerification: "POST /users/me/email/verification",
    changeEmail: "POST /users/me/email",
    confirmEmail: "POST /users/me/email/confirmation",
    changePassword: "POST /auth/password/change",
    forgotPassword: "POST /auth/password/forgot",
    resetPassword: "POST /auth/password/reset",
    reauthenticate: "POST /auth/reauthenticate",
    sessions: "GET /users/me/sessions",
    endSession: "DELETE /users/me/sessions/{id}",
    audit: "GET /users/me/audit",
    identities: "GET /users/me/identities",
    linkGoogle: "POST /users/me/identities/google",
    unlinkGoogle: "DELETE /users/me/identities/google",
    secondFactor: "GET /users/me/second-factor",
    enrolSecondFactor: "POST /users/me/second-factor",
    confirmSecondFactor: "POST /users/me/second-factor/confirmation",
    renewRecoveryCodes: "POST /users/me/second-factor/recovery-codes",
    removeSecondFactor: "POST /users/me/second-factor/removal",
    export: "GET /users/me/export",
    delete: "POST /users/me/deletion",
  },
  tokens: {
    list: "GET /users/me/tokens",
    create: "POST /users/me/tokens",
    revoke: "DELETE /users/me/tokens/{id}",
  },
  workspaces: {
    list: "GET /workspaces",
    create: "POST /workspaces",
    get: "GET /workspaces/{id}",
    update: "PATCH /workspaces/{id}",
    delete: "DELETE /workspaces/{id}",
    restore: "POST /workspaces/{id}/restore",
    transfer: "POST /workspaces/{id}/transfer",
    members: "GET /workspaces/{id}/members",
    changeMember: "PATCH /workspaces/{id}/members/{user_id}",
    removeMember: "DELETE /workspaces/{id}/members/{user_id}",
    invitations: "GET /workspaces/{id}/invitations",
    invite: "POST /workspaces/{id}/invitations",
    withdrawInvitation: "DELETE /workspaces/{id}/invitations/{invitation_id}",
    acceptInvitation: "POST /invitations/accept",
  },
  documents: {
    list: "GET /documents",
    search: "GET /search",
    importFile: "POST /documents/import",
    exportFile: "GET /documents/{id}/export",
    create: "POST /documents",
    get: "GET /documents/{id}",
    update: "PATCH /documents/{id}",
    delete: "DELETE /documents/{id}",
    restore: "POST /documents/{id}/restore",
    duplicate: "POST /documents/{id}/duplicate",
    move: "POST /documents/{id}/move",
    content: "GET /documents/{id}/content",
    replaceContent: "PUT /documents/{id}/content",
    editContent: "PATCH /documents/{id}/content",
    operations: "GET /documents/{id}/operations",
    submit: "POST /documents/{id}/operations",
    presence: "GET /documents/{id}/presence",
    stats: "GET /documents/{id}/stats",
    checkIntegrity: "POST /documents/{id}/integrity",
  },
  history: {
    changes: "GET /documents/{id}/history",
    version: "GET /documents/{id}/versions/{version}",
    named: "GET /documents/{id}/versions",
    name: "PUT /documents/{id}/versions/{version}/name",
    unname: "DELETE /documents/{id}/versions/{version}/name",
    diff: "GET /documents/{id}/diff",
    blame: "GET /documents/{id}/blame",
    restore: "POST /documents/{id}/restorations",
    redact: "POST /documents/{id}/redactions",
    setRetention: "PUT /documents/{id}/retention",
    compact: "POST /documents/{id}/compaction",
  },
  sharing: {
    grants: "GET /documents/{id}/grants",
    grant: "PUT /documents/{id}/grants",
    revoke: "DELETE /documents/{id}/grants/{user_id}",
    links: "GET /documents/{id}/share-links",
    createLink: "POST /documents/{id}/share-links",
    revokeLink: "DELETE /documents/{id}/share-links/{link_id}",
    openLink: "POST /share-links/open",
  },
  webhooks: {
    list: "GET /workspaces/{id}/webhooks",
    create: "POST /workspaces/{id}/webhooks",
    get: "GET /workspaces/{id}/webhooks/{webhook_id}",
    update: "PATCH /workspaces/{id}/webhooks/{webhook_id}",
    delete: "DELETE /workspaces/{id}/webhooks/{webhook_id}",
    rotateSecret: "POST /workspaces/{id}/webhooks/{webhook_id}/secret",
    ping: "POST /workspaces/{id}/webhooks/{webhook_id}/ping",
    deliveries: "GET /workspaces/{id}/webhooks/{webhook_id}/deliveries",
    delivery: "GET /workspaces/{id}/webhooks/{webhook_id}/deliveries/{delivery_id}",
    redeliver: "POST /workspaces/{id}/webhooks/{webhook_id}/deliveries/{delivery_id}/redeliver",
  },
} as const satisfies Record<string, Record<string, keyof Routes>>;

/** The names in a path, one argument each. */
type PathArguments<Route extends string> = Route extends `${string}{${string}}${infer Rest}`
  ? [id: string | number, ...PathArguments<Rest>]
  : [];

/** May be left out where nothing of it is required. */
type Argument<T> = [T] extends [undefined]
  ? []
  : undefined extends T
    ? [argument?: T]
    : // biome-ignore lint/complexity/noBannedTypes: asks whether an empty object would do
      {} extends T
      ? [argument?: T]
      : [argument: T];

/** What is in the path, one by one; then the body, if there is one; then the query. */
export type Call<Route extends keyof Routes> = (
  ...args: [...PathArguments<Route>, ...Argument<Routes[Route]["body"]>, ...Argument<Routes[Route]["query"]>]
) => Promise<Routes[Route]["answer"]>;

type Methods = typeof methods;

export type Calls = {
  readonly [Concept in keyof Methods]: {
    readonly [Name in keyof Methods[Concept]]: Methods[Concept][Name] extends keyof Routes
      ? Call<Methods[Concept][Name]>
      : never;
  };
};

export interface Sent {
  method: string;
  path: string;
  query: object | undefined;
  body: unknown;
}

/** A request, from a route such as `GET /documents/{id}` and the arguments of its method. */
export function sentBy(route: string, args: readonly unknown[]): Sent {
  const [method = "", template = ""] = route.split(" ");
  const rest = [...args];
  const path = template.replaceAll(/\{\w+\}/g, (name) => {
    const value = rest.shift();
    // Else it would be another route that is asked.
    if (value === undefined || value === "") throw new TypeError(`${route} needs ${name}`);
    return encodeURIComponent(String(value));
  });
  const body = method === "GET" || method === "DELETE" ? undefined : rest.shift();
  return { method, path, body, query: rest.shift() as object | undefined };
}

/** The methods, each of which calls `send`. */
export function callsThrough(send: (sent: Sent) => Promise<unknown>): Calls {
  const calls: Record<string, Record<string, unknown>> = {};
  for (const [concept, named] of Object.entries(methods)) {
    calls[concept] = Object.fromEntries(
      Object.entries(named).map(([name, route]) => [
        name,
        async (...args: unknown[]) => send(sentBy(route, args)),
      ]),
    );
  }
  return calls as unknown as Calls;
}
