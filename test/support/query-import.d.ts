/** A module once more, as Vite imports it by another address. */
declare module "*?elsewhere" {
  export const newestText: typeof import("../../src/documents/newest-text.ts").newestText;
}
