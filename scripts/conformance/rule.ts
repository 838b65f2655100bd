import { type Frame, must, type WireClient } from "./wire-client.ts";

/** What a rule gets to try its server with. */
export interface Trial {
  /** A document with this text, whose only operation so far made it; version 0 if it is empty. */
  document(content?: string): Promise<string>;
  /** A socket of the one user that the runner has. */
  open(document: string, clientId?: string): Promise<WireClient>;
}

export interface Rule {
  /** PC-n, as in docs/conformance.md. */
  id: string;
  title: string;
  /** Returns why it does not apply, where it does not; throws Violation where it is broken. */
  check(trial: Trial): Promise<string | undefined>;
}

export const rule = (id: string, title: string, check: (trial: Trial) => Promise<unknown>): Rule => ({
  id,
  title,
  check: async (trial) => {
    const skipped = await check(trial);
    return typeof skipped === "string" ? skipped : undefined;
  },
});

export const submit = (seq: number, base: number, op: unknown[]) => ({ type: "submit", seq, base, op });
export const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

/** Two clients that said hello in one document. */
export async function pair(
  trial: Trial,
  content = "",
): Promise<{ document: string; ann: WireClient; ben: WireClient; at: number; known: Frame[] }> {
  const document = await trial.document(content);
  const ann = await trial.open(document);
  const ben = await trial.open(document);
  const { version } = await ann.hello();
  const { actors } = await ben.hello();
  return { document, ann, ben, at: version, known: actors };
}

export async function accepted(client: WireClient, frame: object): Promise<number> {
  client.send(frame);
  const { seq, version } = await client.nextOf("ack");
  must(seq === (frame as { seq: number }).seq, "an ack bears another seq:", seq);
  return version;
}

export async function refused(
  client: WireClient,
  frame: object | string | ArrayBuffer,
  code: string,
  what = "",
): Promise<Frame> {
  const answer = await client.ask(frame);
  must(
    answer.type === "error" && answer.code === code,
    `${what || JSON.stringify(frame)}: not ${code} but`,
    answer,
  );
  return answer;
}

/** The text and version that a newcomer is told. */
export async function told(trial: Trial, document: string): Promise<{ text: string; version: number }> {
  const { text, version } = await (await trial.open(document)).hello();
  return { text, version };
}
