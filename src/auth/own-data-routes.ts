import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import { database } from "../db/database.ts";
import { settingsOf } from "../env.ts";
import { decodeCursor } from "../platform/cursor.ts";
import { jsonBody } from "../platform/json-body.ts";
import { mailInBackground, sendMail } from "../platform/mail.ts";
import { bodyProblems, jsonAnswer, jsonRequest, problemAnswers, tokenProblems } from "../platform/openapi.ts";
import type { RequestContext } from "../platform/request-context.ts";
import { limits } from "../protocol/limits.ts";
import * as schemas from "../protocol/rest/accounts.ts";
import { deleteAccount, findHeir } from "./account-deletion.ts";
import { exportAccount } from "./account-export.ts";
import { currentUser } from "./accounts.ts";
import { auditRow } from "./audit.ts";
import { authenticated } from "./authenticate.ts";
import { accountWasDeleted, documentsForYou } from "./messages.ts";
import type { AuthPorts } from "./ports.ts";
import { requireRecentSignIn } from "./recent-sign-in.ts";
import { originOf } from "./request-origin.ts";

const security = [{ bearer: [] }];
const signedInProblems = [...tokenProblems, "reauthentication_required"] as const;

const exportRoute = createRoute({
  method: "get",
  path: "/users/me/export",
  summary: "Everything that is kept about oneself",
  description:
    "Account, other ways in, whether a second factor is on, sessions, personal access tokens without what signs in, audit, workspaces, and one's own " +
    `documents with their texts: ${limits.exportDocuments} of them, and further ones by the cursor at the end.`,
  security,
  middleware: [authenticated, requireRecentSignIn] as const,
  request: {
    query: z.object({
      cursor: z.string().optional().meta({ description: "The `next_cursor` of the export before." }),
    }),
  },
  responses: {
    200: jsonAnswer(schemas.accountExport, "Streamed; if it breaks off, the end of the object is missing."),
    ...problemAnswers("invalid_request", ...signedInProblems),
  },
});

const deletionRoute = createRoute({
  method: "post",
  path: "/users/me/deletion",
  summary: "Delete one's account, for good",
  security,
  middleware: [authenticated, requireRecentSignIn, jsonBody(limits.credentialsBytes)] as const,
  request: { body: jsonRequest(schemas.accountDeletion) },
  responses: {
    204: { description: "The account is gone. What documents were not handed over are being erased." },
    ...problemAnswers(...bodyProblems, ...signedInProblems, "not_found", "last_owner"),
  },
});

/** What a person may do with all that is kept about them. */
export function ownDataRoutes(ports: AuthPorts) {
  return new OpenAPIHono<RequestContext>()
    .openapi(exportRoute, async (c) => {
      const now = Date.now();
      const { userId, sessionId } = c.var.principal;
      const { cursor } = c.req.valid("query");
      const after = cursor === undefined ? null : decodeCursor(cursor);
      const db = database(c.env.DB);
      const user = await currentUser(db, userId);
      const exported = { userId, event: "account.exported", sessionId, origin: originOf(c) } as const;
      await db.batch([auditRow(db, exported, now)]);
      return new Response(exportAccount(c.env, ports, { user, after }, now), {
        headers: {
          "content-type": "application/json",
          "content-disposition": 'attachment; filename="materi-export.json"',
        },
      }) as never;
    })
    .openapi(deletionRoute, async (c) => {
      const { documents } = c.req.valid("json");
      const db = database(c.env.DB);
      const user = await currentUser(db, c.var.principal.userId);
      const heir = documents === "delete" ? undefined : await findHeir(db, user, documents.hand_over_to);
      await deleteAccount(c.env, ports, { user, heir, origin: originOf(c) }, Date.now());
      const { publicUrl } = settingsOf(c.env);
      mailInBackground(c.get("requestId"), async () => {
        await sendMail(c.env, accountWasDeleted(publicUrl, user.email));
        if (heir) await sendMail(c.env, documentsForYou(publicUrl, heir.email, user.email));
      });
      return c.body(null, 204);
    });
}
