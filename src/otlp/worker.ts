// The Worker `materi-otlp`: hears of all that the service does by the platform's streaming tail, and exports it (docs/tracing.md).
import { Collector } from "./collector.ts";
import { Invocation } from "./invocation.ts";
import { JoinedTraces } from "./joined-traces.ts";
import { type OtlpEnv, otlpSettings } from "./settings.ts";

const joined = new JoinedTraces();
let collector: Collector | undefined;
let isWrong = false;

function collectorOf(env: OtlpEnv): Collector | undefined {
  if (collector || isWrong) return collector;
  try {
    const settings = otlpSettings(env);
    collector = settings && new Collector(settings);
  } catch (error) {
    // biome-ignore lint/suspicious/noConsole: this Worker's own log
    console.error(JSON.stringify({ event: "otlp_not_configured", hint: (error as Error).message }));
  }
  isWrong = collector === undefined;
  return collector;
}

export default {
  tailStream(onset: TailStream.TailEvent<TailStream.Onset>, env: OtlpEnv) {
    const to = collectorOf(env);
    if (!to) return undefined;
    const invocation = new Invocation(onset, to, joined);
    return (event: TailStream.TailEvent<TailStream.EventType>) => {
      if (invocation.hear(event)) return to.send();
      return undefined;
    };
  },
};
