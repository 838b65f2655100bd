import { serviceVersion } from "../../src/platform/health.ts";
import { subprotocol } from "../../src/protocol/subprotocol.ts";
import { type Answer, fail, ok, warn } from "./finding.ts";
import { ask, describe, jsonOf, type Reply, type Service } from "./service.ts";

/** Seconds by which clocks may differ: tokens live 10 minutes, and webhooks' signatures 5. */
const skew = { noted: 5, harmful: 60 };

/** Whether Materi is what answers. */
export async function alive(service: Service): Promise<{ answer: Answer; reply?: Reply }> {
  const reply = await ask(service, "/health");
  if (reply.status === 200 && jsonOf(reply).status === "ok") {
    return { answer: ok(`200 in ${reply.ms.toFixed(0)} ms`), reply };
  }
  return {
    answer: fail(
      describe(reply),
      reply.status >= 300 && reply.status < 400
        ? `It leads to ${reply.headers.get("location")}: use that address.`
        : "This is not Materi, or a proxy answers in its place: is the address right, and what does the proxy's log say?",
    ),
  };
}

/** How far the clock here is from the one there; what the way took is taken for equal in both directions. */
export function clocks({ text, sentAt, receivedAt }: Reply): Answer {
  const there = Date.parse(String(jsonOf({ text }).time));
  if (Number.isNaN(there)) return warn("it does not say what time it has", "It is older than this doctor.");
  const seconds = ((sentAt + receivedAt) / 2 - there) / 1000;
  const found = `${Math.abs(seconds).toFixed(1)} s ${seconds >= 0 ? "ahead of" : "behind"} the service's`;
  const todo =
    "Set this machine's clock (NTP): by a wrong one, tokens are renewed too late and signatures of webhooks refused.";
  if (Math.abs(seconds) >= skew.harmful) return fail(found, todo);
  return Math.abs(seconds) >= skew.noted ? warn(found, todo) : ok(found);
}

/** Whether the client library of this checkout speaks the service's protocol. */
export function versions(reply: Reply): Answer {
  const { version, protocol } = jsonOf(reply);
  const found = `service ${version ?? "unknown"} (${protocol ?? "unknown"}), this checkout ${serviceVersion} (${subprotocol})`;
  if (protocol !== undefined && protocol !== subprotocol) {
    return fail(found, "They speak different protocols: use the client library of the service's version.");
  }
  return version === serviceVersion
    ? ok(found)
    : warn(found, "Fine, unless what you miss came with the newer one.");
}

interface Part {
  status?: unknown;
  latency_ms?: unknown;
}

/** Whether the parts of the service can be worked with, in its own words. */
export async function ready(service: Service): Promise<Answer> {
  const reply = await ask(service, "/health/ready");
  const { checks, status, error } = jsonOf(reply);
  if (error === "not_found") return warn("it does not tell", "It is older than this doctor.");
  const parts = Object.entries((checks ?? {}) as Record<string, Part>);
  const found = parts
    .map(([name, { status: how, latency_ms: ms }]) => `${name} ${how}${ms === undefined ? "" : ` ${ms} ms`}`)
    .join(", ");
  const bad = parts.filter(([, part]) => part.status !== "ok").map(([name]) => name);
  if (reply.status === 200 && status === "degraded") return warn(found, advice(bad));
  if (reply.status === 200 && parts.length > 0) return ok(found);
  return fail(
    found ? `${reply.status} ${status}: ${found}` : describe(reply),
    bad.length > 0
      ? advice(bad)
      : "It answers /health and not /health/ready: is a proxy in between that lets only some addresses through?",
  );
}

const advice = (bad: string[]) => `docs/debugging.md has what to do about each: ${bad.join(", ")}.`;
