import { MateriError } from "./materi-error.ts";
import { type Connection, request, type TokenSource } from "./requests.ts";
import type { Routes, Tokens, User } from "./routes.ts";
import { acrossTabs, type OtherTabs } from "./tabs.ts";

/** Who is signed in, by which tokens. */
interface SignIn {
  readonly user: User;
  readonly accessToken: string;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
  /** Undefined where a browser keeps it in a cookie. */
  readonly refreshToken: string | undefined;
}

type Body<Route extends keyof Routes> = Omit<NonNullable<Routes[Route]["body"]>, "cookie">;

/** Milliseconds before its end from which on a token counts as ended: it has to last for the request. */
const margin = 30_000;

/**
 * Signing in, staying signed in, signing out. In a browser the refresh token is in a cookie that no script can read, and
 * all tabs of one origin are signed in and out together; elsewhere it is here, in memory. However many requests need a new
 * access token at once, in however many tabs, one fetches it (law AU-2 has the rules of refresh tokens).
 */
export class Authentication implements TokenSource {
  readonly #connection: Connection;
  readonly #listeners = new Set<(user: User | undefined) => void>();
  readonly #tabs: OtherTabs<SignIn> | undefined;
  #signIn: SignIn | undefined;
  #renewal: Promise<SignIn> | undefined;

  constructor(connection: Connection) {
    this.#connection = connection;
    if (connection.withCookies) this.#tabs = acrossTabs(connection.url, (signIn) => this.#hear(signIn));
  }

  /** Who is signed in, as far as is known here: after a reload of the page, `resume` finds out. */
  get user(): User | undefined {
    return this.#signIn?.user;
  }

  /** For a program that goes on later (`resume`); every renewal makes another. Undefined in browsers. */
  get refreshToken(): string | undefined {
    return this.#signIn?.refreshToken;
  }

  /** Tells of everyone who signs in or out, here or in another tab; returns what ends that. */
  onUser(listener: (user: User | undefined) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async register(account: Body<"POST /auth/register">): Promise<Routes["POST /auth/register"]["answer"]> {
    return this.#enter("/auth/register", account);
  }

  /** With a password. Throws MateriError `second_factor_required` with a `challenge`, where a code is asked for as well. */
  async login(credentials: Body<"POST /auth/login">): Promise<Routes["POST /auth/login"]["answer"]> {
    return this.#enter("/auth/login", credentials);
  }

  /** Goes on with a sign-in that asks for a code, of an authenticator or a recovery code. */
  async loginWithCode(
    step: Body<"POST /auth/second-factor">,
  ): Promise<Routes["POST /auth/second-factor"]["answer"]> {
    return this.#enter("/auth/second-factor", step);
  }

  /** Goes on with a sign-in that asks for a second factor to be set up; `loginByEnrolment` ends it. */
  async enrol(
    step: Body<"POST /auth/second-factor/enrolment">,
  ): Promise<Routes["POST /auth/second-factor/enrolment"]["answer"]> {
    return this.#ask("/auth/second-factor/enrolment", step) as Promise<
      Routes["POST /auth/second-factor/enrolment"]["answer"]
    >;
  }

  /** With the first code of a second factor that `enrol` began; the answer has recovery codes, shown this once. */
  async loginByEnrolment(
    step: Body<"POST /auth/second-factor/enrolment/confirmation">,
  ): Promise<Routes["POST /auth/second-factor/enrolment/confirmation"]["answer"]> {
    return this.#enter("/auth/second-factor/enrolment/confirmation", step);
  }

  /** Where to send a browser that signs in with Google; it comes back to `returnTo`, where `resume` finds it signed in. */
  googleUrl(returnTo = "/"): string {
    return `${this.#connection.url}/api/v1/auth/oauth/google?${new URLSearchParams({ return_to: returnTo })}`;
  }

  /** With what Google sent back to a front end of its own. */
  async loginWithGoogle(
    answer: Body<"POST /auth/oauth/google">,
  ): Promise<Routes["POST /auth/oauth/google"]["answer"]> {
    return this.#enter("/auth/oauth/google", answer);
  }

  /**
   * Goes on with the sign-in that this browser has, or with that of a refresh token; undefined if there is none that is
   * still good. Throws MateriError where the service cannot be reached.
   */
  async resume(refreshToken?: string): Promise<User | undefined> {
    try {
      return (await this.#renew(undefined, refreshToken)).user;
    } catch (error) {
      if (isRefusal(error)) return undefined;
      throw error;
    }
  }

  /** Takes the tokens of an answer for those of this client. */
  accept({ access_token, expires_in, refresh_token, user }: Tokens): User {
    const expiresAt = Date.now() + expires_in * 1_000;
    this.#setInAllTabs({ user, accessToken: access_token, expiresAt, refreshToken: refresh_token });
    return user;
  }

  /** Takes what an answer says of who is signed in for what is known of them, in all tabs. */
  update(user: User): void {
    if (this.#signIn?.user.id === user.id) this.#setInAllTabs({ ...this.#signIn, user });
  }

  /** Ends this session, the person's others, or all of them. */
  async logout(scope: "session" | "others" | "all" = "session"): Promise<void> {
    try {
      await this.#ask("/auth/logout", { scope }, this);
    } catch (error) {
      // What has ended already needs no end.
      if (!isRefusal(error)) throw error;
    }
    if (scope === "others") return;
    this.#setInAllTabs(undefined);
  }

  /**
   * An access token that lasts for a request; undefined if nobody is signed in. `refused`: the service would not take
   * this one. Throws MateriError: `invalid_token` if the sign-in has ended, which is then forgotten here.
   */
  async token(refused?: string): Promise<string | undefined> {
    const signIn = this.#signIn;
    if (!signIn) return undefined;
    if (isFresh(signIn) && signIn.accessToken !== refused) return signIn.accessToken;
    return (await this.#renew(signIn, signIn.refreshToken)).accessToken;
  }

  async #enter<Answer extends object>(path: string, body: object): Promise<Answer> {
    const answer = (await this.#ask(path, body)) as Answer;
    // Another answer asks for more than a password.
    if ("access_token" in answer) this.accept(answer as unknown as Tokens);
    return answer;
  }

  #ask(path: string, body: object, source?: TokenSource): Promise<unknown> {
    const cookie = this.#connection.withCookies && { cookie: true };
    return request(this.#connection, source, { method: "POST", path, body: { ...body, ...cookie } });
  }

  /** One at a time, in this tab and in all. `before` is what is to be replaced. */
  #renew(before: SignIn | undefined, refreshToken: string | undefined): Promise<SignIn> {
    const rotate = async () => {
      // What somebody else has fetched meanwhile is as good.
      const newer = this.#signIn;
      if (newer && newer !== before && isFresh(newer)) return newer;
      return this.#rotate(refreshToken);
    };
    this.#renewal ??= (this.#tabs ? this.#tabs.alone(rotate) : rotate()).finally(() => {
      this.#renewal = undefined;
    });
    return this.#renewal;
  }

  async #rotate(refreshToken: string | undefined): Promise<SignIn> {
    const before = this.#signIn;
    try {
      const body = refreshToken === undefined ? {} : { refresh_token: refreshToken };
      const tokens = (await this.#ask("/auth/refresh", body)) as Tokens;
      if (before && tokens.user.id !== before.user.id) {
        throw new MateriError("invalid_token", "Somebody else is signed in here now.", { status: 401 });
      }
      this.accept(tokens);
    } catch (error) {
      if (isRefusal(error) && this.#signIn === before) this.#set(undefined);
      throw error;
    }
    return this.#signIn as SignIn;
  }

  /** Another tab has signed in, out, or has new tokens. Who is somebody else is not taken for the person of this tab. */
  #hear(signIn: SignIn | undefined): void {
    const { user } = this;
    this.#set(user && signIn && user.id !== signIn.user.id ? undefined : signIn);
  }

  #setInAllTabs(signIn: SignIn | undefined): void {
    this.#set(signIn);
    this.#tabs?.tell(signIn);
  }

  #set(signIn: SignIn | undefined): void {
    const before = JSON.stringify(this.user);
    this.#signIn = signIn;
    if (before === JSON.stringify(this.user)) return;
    for (const listener of [...this.#listeners]) listener(this.user);
  }
}

const isFresh = ({ expiresAt }: SignIn): boolean => expiresAt - Date.now() > margin;

/** Whether the sign-in itself was refused, and not the moment. */
const isRefusal = (error: unknown): boolean =>
  error instanceof MateriError && /^(invalid_token|unauthenticated|validation_failed)$/.test(error.code);
