import { createHash } from "node:crypto";
import { settingsOf } from "../env.ts";
import { errorFields, log } from "../platform/log.ts";
import { weakPassword } from "./weak-password.ts";

/** Milliseconds that the whole answer may take: somebody waits for their account. */
const deadlineMs = 1_000;

/** Characters of an answer that are read; with padding it has some 40,000. */
const longestAnswer = 262_144;

/**
 * Refuses a password that is in a collection of breached ones, where the operator has named one (`BREACHED_PASSWORDS_URL`)
 * that speaks the protocol of Pwned Passwords: of the password's SHA-1 its first 5 of 40 digits are sent, and all that
 * begin so come back. One that cannot be asked keeps nobody out. Throws Problem `weak_password`.
 */
export async function refuseBreachedPassword(env: Env, password: string, field = "password"): Promise<void> {
  const { breachedPasswordsUrl } = settingsOf(env);
  if (breachedPasswordsUrl === undefined) return;
  const digest = createHash("sha1").update(password.normalize("NFC")).digest("hex").toUpperCase();
  let found: boolean;
  try {
    found = await isListed(breachedPasswordsUrl, digest);
  } catch (error) {
    log("warn", "breached_passwords_unavailable", errorFields(error));
    return;
  }
  if (found) throw weakPassword(field, "is in a collection of passwords that were stolen elsewhere");
}

async function isListed(url: string, digest: string): Promise<boolean> {
  const response = await fetch(url + digest.slice(0, 5), {
    // With padding nobody tells by the length of the answer what was asked.
    headers: { "add-padding": "true", "user-agent": "materi" },
    redirect: "manual",
    signal: AbortSignal.timeout(deadlineMs),
  });
  if (response.status !== 200) {
    await response.body?.cancel();
    throw new UnusableAnswer(`status ${response.status}`);
  }
  const lines = (await readAtMost(response, longestAnswer)).split(/\r?\n/);
  const counts = lines.flatMap((line) => {
    const [, suffix, count] = /^([0-9A-F]{35}):(\d{1,12})$/i.exec(line.trim()) ?? [];
    return suffix === undefined ? [] : [{ suffix: suffix.toUpperCase(), count: Number(count) }];
  });
  // Every prefix is somebody's: an answer without one line of the protocol is none of it.
  if (counts.length === 0) throw new UnusableAnswer("no line of the protocol");
  // What is there for padding has the count 0.
  return counts.some(({ suffix, count }) => suffix === digest.slice(5) && count > 0);
}

async function readAtMost({ body }: Response, characters: number): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of body ?? []) {
    text += decoder.decode(chunk, { stream: true });
    // Leaving the loop cancels the rest.
    if (text.length > characters) throw new UnusableAnswer("too long");
  }
  return text;
}

class UnusableAnswer extends Error {}
