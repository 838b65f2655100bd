import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { rotationGrace, sessionMaxAge, sessionMaxIdle } from "../../src/auth/session-rules.ts";
import type { TokensBody } from "../../src/protocol/rest/accounts.ts";
import { api, newAccount } from "../support/api.ts";
import { Random } from "../support/ot-random.ts";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"] });
  vi.spyOn(console, "warn").mockImplementation(() => {});
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

/** What law AU-2 says of one session, told by when each of its tokens was first used. */
class ModelSession {
  /** Every refresh token of the session, the newest last. */
  readonly tokens: string[];
  /** When the token at the same place was traded for the next. */
  readonly usedAt: number[] = [];
  readonly startedAt: number;
  over = false;

  constructor(token: string, now: number) {
    this.tokens = [token];
    this.startedAt = now;
  }

  get lastUse(): number {
    return this.usedAt.at(-1) ?? this.startedAt;
  }

  /** The tokens that presenting the one at `at` may bring: the one that follows it, or none. */
  present(at: number, now: number): "next" | "same" | "refused" {
    const timedOut = now >= this.startedAt + sessionMaxAge || now >= this.lastUse + sessionMaxIdle;
    if (this.over || timedOut) return "refused";
    const newest = this.tokens.length - 1;
    if (at === newest) return "next";
    if (at === newest - 1 && now <= this.usedAt[at]! + rotationGrace) return "same";
    this.over = true;
    return "refused";
  }
}

async function play(seed: number): Promise<void> {
  const random = new Random(seed);
  const account = await newAccount();
  const signIn = async () => {
    const json = { email: account.user.email, password: "SecurePass123!" };
    const { refresh_token } = (await api("POST", "/auth/login", { json })).body as TokensBody;
    return new ModelSession(refresh_token, Date.now());
  };
  const sessions = [new ModelSession(account.refresh_token, Date.now()), await signIn()];
  for (let step = 0; step < 30; step++) {
    const session = random.pick(sessions);
    const told = `seed ${seed}, step ${step}, session ${sessions.indexOf(session)}`;
    vi.setSystemTime(
      Date.now() + random.pick([0, 0, 1, 1_000, rotationGrace, rotationGrace + 1, sessionMaxIdle / 4]),
    );
    if (random.chance(0.05)) {
      await api("POST", "/auth/logout", { json: { refresh_token: random.pick(session.tokens) } });
      session.over = true;
      continue;
    }
    // Mostly the newest; sometimes the one before, as after a lost answer; seldom any at all. Often by several at once.
    const newest = session.tokens.length - 1;
    const at = random.chance(0.6)
      ? newest
      : random.chance(0.8)
        ? Math.max(0, newest - 1)
        : random.int(newest + 1);
    const times = random.pick([1, 1, 2, 5]);
    const now = Date.now();
    const verdict = session.present(at, now);
    const answers = await Promise.all(
      Array.from({ length: times }, () =>
        api("POST", "/auth/refresh", { json: { refresh_token: session.tokens[at] } }),
      ),
    );
    expect([...new Set(answers.map(({ status }) => status))], told).toEqual([
      verdict === "refused" ? 401 : 200,
    ]);
    if (verdict === "refused") continue;
    const brought = new Set(answers.map(({ body }) => body.refresh_token as string));
    expect(brought.size, told).toBe(1);
    const [token] = brought as Set<string>;
    if (verdict === "same") expect(token, told).toBe(session.tokens[newest]);
    else {
      expect(session.tokens, told).not.toContain(token);
      session.usedAt.push(now);
      session.tokens.push(token!);
    }
  }
}

it("AU-2: whatever is used, lost, repeated, replayed and awaited, a session lives as the law says, and no other is touched", async () => {
  const first = Math.floor(Math.random() * 1e9);
  for (let seed = first; seed < first + 8; seed++) await play(seed);
}, 300_000);
