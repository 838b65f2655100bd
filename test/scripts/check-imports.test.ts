import { expect, test } from "vitest";
import { forbiddenImports } from "../../scripts/check-imports.ts";

test.each([
  ["src/ot/transform.ts", `import { apply } from "./apply.ts";`],
  ["src/ot/deep/rope.ts", `import { apply } from "../apply.ts";`],
  ["src/protocol/client-frames.ts", `import { parse } from "../ot/parse.ts";\nimport { z } from "zod";`],
  ["src/db/schema.ts", `import { text } from "drizzle-orm/sqlite-core";`],
  ["src/auth/routes.ts", `import { problem } from "../platform/problem.ts";\nimport { Hono } from "hono";`],
  ["src/auth/routes.ts", `import type { Bindings } from "../env.ts";`],
  ["src/documents/routes.ts", `import { member } from "../workspaces/rules.ts";`],
  ["src/documents/routes.ts", `import type { DocumentRoomApi } from "../room/room-api.ts";`],
  ["src/documents/routes.ts", `import type {\n  Author,\n  Grant,\n} from "../room/room-api.ts";`],
  ["src/documents/routes.ts", `export type { Grant } from "../room/room-api.ts";`],
  ["src/room/document-room.ts", `import { DurableObject } from "cloudflare:workers";`],
  ["src/client/replica.ts", `export * from "../ot/replica.ts";`],
  ["src/web/editor.tsx", `const { open } = await import("../client/session.ts");`],
  ["src/app.ts", `import { auth } from "./auth/routes.ts";\nexport { Room } from "./room/document-room.ts";`],
  ["src/ot/notes.ts", `export const from = 1;\nexport type Text = string;\nexport function meaning() {}\n`],
])("%s may hold: %s", (path, source) => {
  expect(forbiddenImports(path, source)).toEqual([]);
});

test.each([
  ["a folder above", "src/ot/transform.ts", `import { frame } from "../protocol/client-frames.ts";`],
  ["a package in the engine", "src/ot/transform.ts", `import { z } from "zod";`],
  ["a module of Node in the engine", "src/ot/transform.ts", `import { randomBytes } from "node:crypto";`],
  ["a package that is not on the folder's list", "src/room/room.ts", `import { Hono } from "hono";`],
  ["a package that begins like one on the list", "src/db/schema.ts", `import x from "drizzle-ormx";`],
  ["a feature in the room", "src/room/room.ts", `import { store } from "../documents/store.ts";`],
  ["the database in the room", "src/room/room.ts", `import { users } from "../db/schema.ts";`],
  ["the room's code in a feature", "src/documents/routes.ts", `import { Room } from "../room/room.ts";`],
  ["a type and code", "src/documents/routes.ts", `import { type Grant, f } from "../room/room-api.ts";`],
  [
    "a type alone, in a statement that runs",
    "src/documents/a.ts",
    `import { type Grant } from "../room/b.ts";`,
  ],
  ["a default import that is called type", "src/documents/a.ts", `import type from "../room/b.ts";`],
  [
    "a type where not even types are open",
    "src/room/room.ts",
    `import type { User } from "../auth/rules.ts";`,
  ],
  ["a neighbour", "src/workspaces/routes.ts", `import { f } from "../documents/store.ts";`],
  ["the server in the client", "src/client/session.ts", `import type { Env } from "../env.ts";`],
  ["the client in the server", "src/app.ts", `import { connect } from "./client/session.ts";`],
  ["the composition in a feature", "src/auth/routes.ts", `import { app } from "../app.ts";`],
  ["a default import", "src/room/room.ts", `import store from "../documents/store.ts";`],
  ["a namespace import", "src/room/room.ts", `import * as store from "../documents/store.ts";`],
  ["a default with names", "src/room/room.ts", `import store, { f } from "../documents/store.ts";`],
  [
    "an import over several lines",
    "src/room/room.ts",
    `import {\n  f,\n  g as h,\n} from "../documents/store.ts";`,
  ],
  ["a side-effect import", "src/room/room.ts", `import "../documents/store.ts";`],
  ["export from", "src/room/room.ts", `export { f } from "../documents/store.ts";`],
  ["export all", "src/room/room.ts", `export * from "../documents/store.ts";`],
  ["export all as", "src/room/room.ts", `export * as store from "../documents/store.ts";`],
  ["export of a type", "src/room/room.ts", `export type { T } from "../documents/store.ts";`],
  ["single quotes", "src/room/room.ts", `import { f } from '../documents/store.ts';`],
  ["a dynamic import", "src/room/room.ts", `  const m = await import("../documents/store.ts");`],
  ["a dynamic import over lines", "src/room/room.ts", `import(\n  /* why */\n  "../documents/store.ts"\n);`],
  ["a dynamic import in a template", "src/room/room.ts", "import(`../documents/store.ts`);"],
  ["a dynamic import of a computed name", "src/room/room.ts", `await import("../" + folder);`],
  ["a dynamic import of a variable", "src/room/room.ts", "await import(name);"],
  ["a type by import()", "src/room/room.ts", `let u: import("../auth/rules.ts").User;`],
  ["a way round through another folder", "src/room/room.ts", `import { f } from "../room/../auth/rules.ts";`],
  ["something outside src that ends alike", "src/room/room.ts", `import { f } from "../../test/room/f.ts";`],
  ["a folder without a rule", "src/helpers/a.ts", `export const a = 1;`],
])("refuses %s", (_, path, source) => {
  expect(forbiddenImports(path, source)).toEqual([expect.stringContaining(`${path}: `)]);
});

test("finds every fault of a file, whatever stands between them", () => {
  const source = [
    `import { apply } from "../ot/apply.ts";`,
    `import { Hono } from "hono";`,
    `import type { User } from "../auth/rules.ts";`,
    `export function load(): Promise<unknown> {`,
    `  return import("../documents/store.ts");`,
    `}`,
    `export * from "../db/schema.ts";`,
  ].join("\n");
  expect(forbiddenImports("src/room/room.ts", source)).toEqual([
    "src/room/room.ts: src/room may not import hono",
    "src/room/room.ts: src/room may not import a type of ../auth/rules.ts",
    "src/room/room.ts: src/room may not import ../db/schema.ts",
    "src/room/room.ts: src/room may not import ../documents/store.ts",
  ]);
});
