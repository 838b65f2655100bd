/**
 * Hears of every span of the service that is under test, as an exporter would: by the platform's streaming tail, which it has on a
 * laptop, too. Keeps the newest.
 */
export const spans = {
  name: "spans",
  modules: true as const,
  compatibilityDate: "2026-11-01",
  script: `
    import { WorkerEntrypoint } from "cloudflare:workers";
    const kept = new Map();
    const open = ({ spanId, traceId }, span) => {
      kept.set(span.spanId, { traceId, parentId: spanId, attributes: {}, exceptions: [], ended: false, ...span });
      if (kept.size > 50_000) kept.delete(kept.keys().next().value);
    };
    const plain = (value) => (typeof value === "bigint" ? Number(value) : value);
    function hear({ event, spanContext }) {
      const span = kept.get(spanContext.spanId);
      if (event.type === "spanOpen") open(spanContext, { spanId: event.spanId, name: event.name });
      else if (!span) return;
      else if (event.type === "attributes") for (const { name, value } of event.info) span.attributes[name] = plain(value);
      else if (event.type === "exception") span.exceptions.push(event);
      else if (event.type === "spanUpdate" && event.info.type === "status") span.status = event.info.status.code;
      else if (event.type === "spanClose" || event.type === "outcome") span.ended = true;
    }
    export class Spans extends WorkerEntrypoint {
      named(name) {
        return [...kept.values()].filter((span) => span.name === name);
      }
      trace({ traceId }) {
        return [...kept.values()].filter((span) => span.traceId === traceId);
      }
      below({ spanId }) {
        return [...kept.values()].filter((span) => span.parentId === spanId);
      }
    }
    export default {
      tailStream({ event, spanContext }) {
        const { info, spanId } = event;
        open(spanContext, { spanId, name: info.type, ...(info.type === "fetch" && { attributes: { method: info.method, url: info.url } }) });
        return hear;
      },
    };`,
};
