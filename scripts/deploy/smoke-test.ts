import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";

/** Seconds that a version may take until it answers everywhere, and that it may answer with errors meanwhile. */
const patience = { spread: 90, errors: 10 };

/** Tries the service at `url` once `version` answers there. Answers what is wrong; undefined: nothing. */
export async function smokeTest(url: string, version: string): Promise<string | undefined> {
  let last = "";
  let errors = 0;
  for (let second = 0; second < patience.spread && errors < patience.errors; second++) {
    try {
      const answer = await fetch(`${url}/health`, { signal: AbortSignal.timeout(5_000) });
      const { deployment } = answer.ok ? ((await answer.json()) as { deployment?: string }) : {};
      if (deployment === version) return doctor(url);
      last = answer.ok ? `version ${deployment} answers` : `HTTP ${answer.status}`;
      errors = answer.ok ? 0 : errors + 1;
    } catch (error) {
      last = (error as Error).message;
    }
    await sleep(1_000);
  }
  return `${url}/health: ${last}, and not version ${version}`;
}

/** What `npm run doctor` finds wrong; it prints what it looked at. With MATERI_TOKEN it tries an edit, too. */
async function doctor(url: string): Promise<string | undefined> {
  const { MATERI_TOKEN, ...rest } = process.env;
  // Not spawnSync: connections to Cloudflare that end meanwhile must not be taken for open where it is rolled back.
  const child = spawn(process.execPath, ["scripts/doctor.ts", "--url", url], {
    stdio: "inherit",
    // CI gives an empty one where there is none.
    env: MATERI_TOKEN ? process.env : rest,
  });
  const [status] = await once(child, "close");
  return status === 0 ? undefined : "the doctor found something wrong: see above";
}
