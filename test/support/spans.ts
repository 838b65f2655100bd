import { env } from "cloudflare:workers";
import { expect, vi } from "vitest";

/** A span of the service as the platform told of it. What runs in an object or a Worker is below a span with the kind of its event. */
export interface RecordedSpan {
  name: string;
  spanId: string;
  traceId: string;
  parentId: string | undefined;
  attributes: Record<string, string | number | boolean>;
  exceptions: { name: string; message?: string; code?: string | number; stack?: string }[];
  status?: string;
  ended: boolean;
}

const soon = { timeout: 30_000, interval: 100 };

/** The one span with this name and these attributes, when it has ended. */
export function theSpan(name: string, attributes: RecordedSpan["attributes"]): Promise<RecordedSpan> {
  return vi.waitFor(async () => {
    const found = (await env.SPANS.named(name)).filter((span) =>
      Object.entries(attributes).every(([key, value]) => span.attributes[key] === value),
    );
    expect(found).toHaveLength(1);
    expect(found[0]!.ended).toBe(true);
    return found[0]!;
  }, soon);
}

/** The names of the spans right below one, in their order, but for those of how the platform does it. */
export async function namesBelow(span: RecordedSpan): Promise<string[]> {
  return (await env.SPANS.below(span)).map(({ name }) => name);
}

/** All below a span, however deep. */
export async function allBelow(span: RecordedSpan): Promise<RecordedSpan[]> {
  const below = await env.SPANS.below(span);
  return [...below, ...(await Promise.all(below.map(allBelow))).flat()];
}
