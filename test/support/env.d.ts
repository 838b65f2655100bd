declare namespace Cloudflare {
  interface Env {
    /** See spans-worker.ts. */
    SPANS: { named(name: string): Promise<import("./spans.ts").RecordedSpan[]> } & Record<
      "below" | "trace",
      (span: import("./spans.ts").RecordedSpan) => Promise<import("./spans.ts").RecordedSpan[]>
    >;
    TEST_MIGRATIONS: import("cloudflare:test").D1Migration[];
  }
}

/** A file's text, as Vite imports it. */
declare module "*?raw" {
  const text: string;
  export default text;
}

/** Vite's: modules by a pattern, here as text. */
interface ImportMeta {
  glob<T>(pattern: string, options: { query: string; import: string; eager: true }): Record<string, T>;
}
