import { settingsOf } from "../env.ts";
import type { TokensBody, UserBody } from "../protocol/rest/accounts.ts";
import { issueAccessToken } from "./access-token.ts";
import { makeRefreshToken } from "./refresh-token.ts";
import type { Session, User } from "./sessions.ts";
import { signingKeysOf } from "./signing-keys.ts";

/** What every way of signing in answers. `now` is in milliseconds. */
export async function tokenAnswer(
  env: Env,
  { user, session }: { user: User; session: Session },
  now: number,
): Promise<TokensBody> {
  const {
    signingKeys,
    refreshSecrets: [refreshSecret = ""],
  } = settingsOf(env);
  const keys = await signingKeysOf(signingKeys);
  const { sessionId, endsAt } = session;
  const access = await issueAccessToken(keys, { userId: user.id, sessionId, sessionEndsAt: endsAt }, now);
  return {
    access_token: access.token,
    token_type: "Bearer",
    expires_in: access.expiresIn,
    refresh_token: await makeRefreshToken(refreshSecret, session),
    user: userBody(user),
  };
}

/** A person, as they are told about themselves. */
export function userBody({
  id,
  email,
  name,
  createdAt,
  emailVerifiedAt,
  oauthProvider,
  secondFactor,
}: User): UserBody {
  return {
    id,
    email,
    email_verified: emailVerifiedAt !== null,
    name,
    oauth_provider: oauthProvider,
    second_factor: secondFactor,
    created_at: new Date(createdAt).toISOString(),
  };
}
