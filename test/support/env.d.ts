declare namespace Cloudflare {
  interface Env {
    TEST_MIGRATIONS: import("cloudflare:test").D1Migration[];
  }
}

/** A file's text, as Vite imports it. */
declare module "*?raw" {
  const text: string;
  export default text;
}
