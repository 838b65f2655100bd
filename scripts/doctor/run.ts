import { encrypted, reachable } from "./connection.ts";
import { type Answer, type Finding, fail, skip } from "./finding.ts";
import { alive, clocks, ready, versions } from "./health.ts";
import { answers, freshness, makeScratch, refusals, register, removeScratch } from "./rest.ts";
import { NoAnswer, type Service } from "./service.ts";
import { announcedLimits, echo, upgrades } from "./sockets.ts";
import { explainToken } from "./token.ts";

/**
 * Looks at a running service from where a user of it is, step by step, and tells each finding as it comes. What cannot be looked at
 * because of an earlier one is left out: one fault, one line.
 */
export async function examine(service: Service, tell: (finding: Finding) => void): Promise<Finding[]> {
  const findings: Finding[] = [];
  const note = (check: string, answer: Answer): boolean => {
    const finding = { check, ...answer };
    findings.push(finding);
    tell(finding);
    return answer.outcome !== "fail";
  };
  /** Notes what a check answers; that it got no answer at all is one, too. */
  const look = async (check: string, ask: () => Promise<Answer>): Promise<boolean> =>
    note(check, await ask().catch(noAnswer));

  if (!(await look("reachable", () => reachable(service)))) return findings;
  if (!(await look("TLS", () => encrypted(service))) && service.url.startsWith("https:")) return findings;
  const { answer, reply } = await alive(service).catch((error) => ({
    answer: noAnswer(error),
    reply: undefined,
  }));
  if (!note("alive", answer) || !reply) return findings;
  note("clock", clocks(reply));
  note("versions", versions(reply));
  await look("ready", () => ready(service));
  await look("refusals", () => refusals(service));
  const { token } = service;
  if (token === undefined) {
    const todo = "Give a token that may write: MATERI_TOKEN=… npm run doctor";
    note("token", skip("none was given: no document, socket or edit was looked at", todo));
    return findings;
  }
  if (!(await look("token", () => explainToken({ ...service, token })))) return findings;
  await look("D1", () => register(service));
  const scratch = await makeScratch(service).catch((error) => ({ answer: noAnswer(error), id: undefined }));
  if (!note("document", scratch.answer) || scratch.id === undefined) return findings;
  const { id } = scratch;
  try {
    await look("answers", () => answers(service, id));
    await look("freshness", () => freshness(service, id));
    if (await look("socket", () => upgrades(service, id))) {
      const seen = await echo(service, id);
      note("echo", seen.echo);
      if (seen.room) note("room", seen.room);
      await look("limits", () => announcedLimits(service, id));
    }
  } finally {
    await look("clean-up", () => removeScratch(service, id));
  }
  return findings;
}

function noAnswer(error: unknown): Answer {
  if (!(error instanceof NoAnswer)) throw error;
  return fail(
    error.message,
    "Other requests were answered: is the service overloaded, or a proxy in between?",
  );
}
