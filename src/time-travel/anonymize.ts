import type { Operation } from "../ot/operation.ts";
import { Text } from "../ot/text.ts";
import type { Bundle, BundleActor, BundleOperation } from "./bundle.ts";
import { crc32 } from "./crc32.ts";

/**
 * The same life without its words, to be sent to somebody: each letter and digit is another of its kind and length, people,
 * clients and the document are numbers. Spaces, punctuation, lines, times and positions stay, since faults hang on them. Hashes
 * and sums are those of the new texts; where one did not fit the old text, it does not fit the new one.
 */
export function anonymized({ head, actors, operations }: Bundle): Bundle {
  const old = Text.from(head.text);
  const text = Text.from(withoutWords(head.text));
  const sums = new Map(head.points.map(({ version, sum }) => [version, sum]));
  const points: { version: number; sum: number }[] = [];
  let fits = true;
  const note = (version: number) => {
    const sum = sums.get(version);
    if (sum === undefined || !fits) return;
    const now = crc32(text.toString());
    points.push({ version, sum: sum === crc32(old.toString()) ? now : other(now) });
  };
  /** Of the new text; undefined where there was none. */
  const hashOf = (was: number | undefined): number | undefined => {
    if (was === undefined || !fits) return undefined;
    return was === old.hash() ? text.hash() : other(text.hash());
  };
  note(head.horizon);
  const told = operations.map(({ hash, ...made }): BundleOperation => {
    const operation = made.operation.map((part) =>
      typeof part === "string" ? withoutWords(part) : part,
    ) as unknown as Operation;
    fits &&= old.check(made.operation) === undefined;
    if (fits) {
      old.apply(made.operation);
      text.apply(operation);
    }
    const now = hashOf(hash);
    note(made.version);
    return { ...made, operation, ...(now !== undefined && { hash: now }) };
  });
  const { servedHash, note: _, names: __, ...rest } = head;
  const served = hashOf(servedHash);
  return {
    head: {
      ...rest,
      documentId: "anonymous",
      epoch: "anonymous",
      isAnonymized: true,
      text: withoutWords(head.text),
      points,
      ...(served !== undefined && { servedHash: served }),
    },
    actors: new Map(renamed([...actors.values()]).map((actor) => [actor.actor, actor])),
    operations: told,
  };
}

/** Another hash or sum. */
const other = (sum: number): number => (sum === 0 ? 1 : sum - 1);

/** Units and the kinds of characters stay, so that every position does. */
const withoutWords = (text: string): string =>
  text.replaceAll(/[\p{L}\p{M}\p{N}\p{Co}\p{Cn}]/gu, (letter) => {
    if (letter.length === 2) return "\u{1d4cd}";
    if (/\p{Lu}/u.test(letter)) return "X";
    if (/\p{N}/u.test(letter)) return "0";
    return /\p{M}/u.test(letter) ? "\u0301" : letter < "\u0080" ? "x" : "\u0445";
  });

function renamed(actors: readonly BundleActor[]): BundleActor[] {
  const users = new Map<string, string>();
  return actors.map(({ actor, clientId, userId, kind }) => {
    const user = users.get(userId) ?? `user-${users.size + 1}`;
    users.set(userId, user);
    return { actor, clientId: clientId === null ? null : `client-${actor}`, userId: user, kind };
  });
}
