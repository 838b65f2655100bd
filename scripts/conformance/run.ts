import type { Rule, Trial } from "./rule.ts";
import { rules } from "./rules.ts";
import type { WireClient } from "./wire-client.ts";

export interface Result {
  id: string;
  title: string;
  outcome: "pass" | "fail" | "skip";
  /** What was seen instead, or why the rule does not apply. */
  detail?: string;
}

/** Tries every rule on a document of its own. A rule that throws anything has failed. */
export async function runConformance(
  trial: Trial,
  { only, onResult = () => {} }: { only?: string | undefined; onResult?: (result: Result) => void } = {},
): Promise<Result[]> {
  const chosen = rules.filter(({ id }) => only === undefined || id === only);
  if (chosen.length === 0) throw new Error(`there is no rule ${only}`);
  const results: Result[] = [];
  for (const rule of chosen) {
    const result = await resultOf(rule, trial);
    results.push(result);
    onResult(result);
  }
  return results;
}

async function resultOf({ id, title, check }: Rule, trial: Trial): Promise<Result> {
  const opened: WireClient[] = [];
  const watched: Trial = {
    document: (content) => trial.document(content),
    open: async (document, clientId) => {
      const client = await trial.open(document, clientId);
      opened.push(client);
      return client;
    },
  };
  try {
    const skipped = await check(watched);
    return skipped === undefined
      ? { id, title, outcome: "pass" }
      : { id, title, outcome: "skip", detail: skipped };
  } catch (error) {
    return { id, title, outcome: "fail", detail: error instanceof Error ? error.message : String(error) };
  } finally {
    for (const client of opened) client.close();
  }
}
