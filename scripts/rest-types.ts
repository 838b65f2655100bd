// `npm run rest-types` writes src/client/rest/routes.ts anew, from the schemas of the routes; with --check it only says
// whether it would.
import { readFileSync, writeFileSync } from "node:fs";
import { registerHooks } from "node:module";
import { resolve } from "node:path";
import { type Description, typeSource } from "./rest-types/type-source.ts";

const file = resolve(import.meta.dirname, "../src/client/rest/routes.ts");

// The routes are looked at, and not run: of the platform they need the names alone.
const platform =
  ["DurableObject", "WorkerEntrypoint", "RpcTarget"].map((name) => `export class ${name} {}`).join(" ") +
  "export const waitUntil = () => {}, env = {}, exports = {}, tracing = {};";
registerHooks({
  resolve: (name, context, next) =>
    name.startsWith("cloudflare:")
      ? { url: `data:text/javascript,${encodeURIComponent(platform)}`, shortCircuit: true }
      : next(name, context),
});
const server = "../src/app.ts";
const { app, openApi } = await import(server);

const source = typeSource(app.getOpenAPI31Document(openApi) as Description);
if (!process.argv.includes("--check")) {
  writeFileSync(file, source);
} else if (readFileSync(file, "utf8") !== source) {
  console.error("src/client/rest/routes.ts is not what the routes say: npm run rest-types");
  process.exitCode = 1;
}
