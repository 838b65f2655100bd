import { randomUUID } from "node:crypto";
import { document, documentPage } from "../../src/protocol/rest/documents.ts";
import { type Answer, fail, ok, spread, warn } from "./finding.ts";
import { ask, describe, jsonOf, type Reply, type Service } from "./service.ts";

/** Milliseconds that a question to D1 or a room may take at the median before people notice. */
export const slow = 500;

export const bearer = ({ token }: Service) => ({ authorization: `Bearer ${token}` });

/** Whether refusals come as they left: applications tell them apart by `error`, and operators find them by `request_id`. */
export async function refusals(service: Service): Promise<Answer> {
  const id = randomUUID();
  const expected: [string, number, string, Record<string, string>][] = [
    ["/api/v1/users/me", 401, "unauthenticated", {}],
    ["/api/v1/users/me", 401, "invalid_token", { authorization: "Bearer eyJhbGciOiJub25lIn0.e30." }],
    ["/api/v1/documents/00000000-0000-4000-8000-000000000000", 401, "unauthenticated", {}],
    ["/api/v1/nothing-here", 404, "not_found", {}],
  ];
  for (const [path, status, error, headers] of expected) {
    const reply = await ask(service, path, { headers: { ...headers, "x-request-id": id } });
    const { error: told, request_id: of } = jsonOf(reply);
    if (reply.status === 429) return rateLimited(reply);
    if (reply.status !== status || told !== error) {
      return fail(
        `${path}: ${describe(reply)} instead of ${status} ${error}`,
        "Something in between answers, or changes answers: error pages of its own must be off for this service.",
      );
    }
    if (of !== id) {
      return warn(
        `the request's id ${id} came back as ${of}`,
        "A proxy sets x-request-id anew: look for its ids in the service's log, or let the caller's through.",
      );
    }
  }
  return ok("refused with code and request id");
}

const rateLimited = (reply: Reply): Answer =>
  warn(
    `429, ${reply.headers.get("ratelimit-policy") ?? "by something in between"}`,
    `Too many requests come from this network: wait ${reply.headers.get("retry-after") ?? "some"} s. docs/limits.md has the limits.`,
  );

/** How long questions to the register take. */
export async function register(service: Service): Promise<Answer> {
  const times: number[] = [];
  let last: Reply | undefined;
  for (let n = 0; n < 5; n++) {
    last = await ask(service, "/api/v1/documents?limit=1", { headers: bearer(service) });
    if (last.status === 429) return rateLimited(last);
    if (last.status !== 200) return fail(describe(last), "Look for the request_id in the service's log.");
    times.push(last.ms);
  }
  return latency(
    times,
    "D1 is far away or busy: see /health/ready for its queue, and its metrics in the dashboard.",
  );
}

/** Judges how long something took. */
export function latency(times: readonly number[], todo: string): Answer {
  const { median, most, text } = spread(times);
  if (median <= slow) return ok(text);
  const isConstant = most < median * 1.2;
  return warn(
    text,
    isConstant ? `It is always the same: probably something waits for a timer. Otherwise: ${todo}` : todo,
  );
}

/** Makes the document that the rest is tried on. */
export async function makeScratch(service: Service): Promise<{ answer: Answer; id?: string }> {
  const reply = await ask(service, "/api/v1/documents", {
    method: "POST",
    headers: bearer(service),
    json: { title: `Doctor ${new Date().toISOString()}`, content: "" },
  });
  const { id } = jsonOf(reply);
  if (reply.status === 201 && typeof id === "string")
    return { answer: ok(`${id} in ${reply.ms.toFixed(0)} ms`), id };
  const todo =
    reply.status === 403
      ? "This token only reads. Give one that may write to have sockets and edits looked at."
      : "Look for the request_id in the service's log.";
  return { answer: fail(describe(reply), todo) };
}

/** Whether answers have the form that this checkout's clients know, whatever they have besides. */
export async function answers(service: Service, id: string): Promise<Answer> {
  const forms = { [`/api/v1/documents/${id}`]: document, "/api/v1/documents?limit=1": documentPage };
  for (const [path, form] of Object.entries(forms)) {
    const reply = await ask(service, path, { headers: bearer(service) });
    if (reply.status !== 200) return fail(describe(reply), "Look for the request_id in the service's log.");
    const { error } = form.safeParse(jsonOf(reply));
    if (error) {
      const faults = error.issues.map((issue) => `${issue.path.join(".") || "the whole"}: ${issue.message}`);
      return fail(
        `${path}: ${faults.join("; ")}`,
        "The service is of another version than this checkout, or something in between rewrites answers.",
      );
    }
  }
  return ok("a document and a list are as the client library reads them");
}

/** Whether what was written is what is read: each text at once after its acknowledgement, and again by its version. */
export async function freshness(service: Service, id: string): Promise<Answer> {
  const address = `/api/v1/documents/${id}/content`;
  const times: number[] = [];
  for (let n = 1; n <= 5; n++) {
    const content = `what was written ${n}`;
    const written = await ask(service, address, {
      method: "PUT",
      headers: { ...bearer(service), "content-type": "text/plain", "if-match": "*" },
      text: content,
    });
    if (written.status !== 200)
      return fail(describe(written), "Look for the request_id in the service's log.");
    const read = await ask(service, address, { headers: bearer(service) });
    times.push(read.ms);
    if (read.text !== content) {
      return fail(
        `"${read.text.slice(0, 40)}" was read after "${content}" was acknowledged${
          read.headers.has("age") ? `, and the answer is ${read.headers.get("age")} s old` : ""
        }`,
        read.headers.has("age")
          ? "A cache in between keeps private answers, against their Cache-Control: have it leave this service alone."
          : "A cache in between, or the service itself: `npm run trace` of such a request shows whether the room was asked (docs/debugging.md, Data Inconsistency).",
      );
    }
    const tag = read.headers.get("etag") ?? "";
    if (tag !== written.headers.get("etag")) {
      return warn(
        `the ETag ${written.headers.get("etag")} came back as ${tag}`,
        "A proxy changes or weakens ETags (compression does): If-Match will be refused with 412.",
      );
    }
    const again = await ask(service, address, { headers: { ...bearer(service), "if-none-match": tag } });
    if (again.status !== 304) {
      return warn(
        `${again.status} instead of 304 for the version that is known`,
        "Something in between takes If-None-Match away: texts are sent again and again.",
      );
    }
  }
  return latency(times, 'The document\'s room is far away or busy: docs/debugging.md, "a slow room".');
}

/** Erases the document. */
export async function removeScratch(service: Service, id: string): Promise<Answer> {
  const reply = await ask(service, `/api/v1/documents/${id}?permanent=true`, {
    method: "DELETE",
    headers: bearer(service),
  });
  return reply.status === 204
    ? ok("the scratch document is erased")
    : warn(describe(reply), `Delete the document ${id} yourself.`);
}
