/** What an export goes by, under the names that OpenTelemetry gives these settings. */
export interface OtlpEnv {
  /** Where the collector is, without `/v1/traces`: `https://otlp.example.com`. Empty: nothing is exported. */
  OTEL_EXPORTER_OTLP_ENDPOINT?: string;
  /** A secret: `authorization=Bearer%20…,x-team=docs`, values percent-encoded. */
  OTEL_EXPORTER_OTLP_HEADERS?: string;
  /** Milliseconds that one request may take. */
  OTEL_EXPORTER_OTLP_TIMEOUT?: string;
  OTEL_SERVICE_NAME?: string;
  /** `deployment.environment.name=staging,…`, values percent-encoded. */
  OTEL_RESOURCE_ATTRIBUTES?: string;
}

export interface OtlpSettings {
  /** Ends without a slash. */
  endpoint: string;
  headers: Record<string, string>;
  timeoutMs: number;
  resource: Record<string, string>;
}

/** Undefined: nothing is to be exported. Throws an error, which quotes no value, where a setting is not in its form. */
export function otlpSettings(env: OtlpEnv): OtlpSettings | undefined {
  const endpoint = (env.OTEL_EXPORTER_OTLP_ENDPOINT ?? "").trim();
  if (endpoint === "") return undefined;
  const url = URL.parse(endpoint);
  if (!url || !/^https?:$/.test(url.protocol) || url.username !== "" || url.password !== "") {
    throw new Error("OTEL_EXPORTER_OTLP_ENDPOINT is an http(s) URL without a password");
  }
  const timeoutMs = Number(env.OTEL_EXPORTER_OTLP_TIMEOUT || 5_000);
  if (!(timeoutMs >= 1 && timeoutMs <= 30_000)) {
    throw new Error("OTEL_EXPORTER_OTLP_TIMEOUT is a number of milliseconds, at most 30000");
  }
  return {
    endpoint: endpoint.replace(/\/+$/, ""),
    headers: pairs("OTEL_EXPORTER_OTLP_HEADERS", env.OTEL_EXPORTER_OTLP_HEADERS),
    timeoutMs,
    resource: {
      "service.name": env.OTEL_SERVICE_NAME || "materi",
      "cloud.provider": "cloudflare",
      "cloud.platform": "cloudflare.workers",
      ...pairs("OTEL_RESOURCE_ATTRIBUTES", env.OTEL_RESOURCE_ATTRIBUTES),
    },
  };
}

function pairs(name: string, list = ""): Record<string, string> {
  const entries = list.split(",").flatMap((pair) => {
    if (pair.trim() === "") return [];
    const [, key, value = ""] = /^\s*([\w.-]+)\s*=\s*(.*?)\s*$/.exec(pair) ?? [];
    try {
      if (key !== undefined) return [[key, decodeURIComponent(value)]];
    } catch {
      // As one that is no pair at all.
    }
    throw new Error(`${name} is a list of name=value with commas between, values percent-encoded`);
  });
  return Object.fromEntries(entries);
}
