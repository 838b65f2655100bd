import { exports } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import page from "../../docs/authorization.md?raw";
import { app } from "../../src/app.ts";
import { type Answer, send } from "../support/api.ts";
import { requests } from "../support/authorization-requests.ts";
import { absent, type PrincipalName, principals, Scene, type Thing } from "../support/authorization-scene.ts";
import { newTarget } from "../support/webhooks.ts";

// docs/authorization.md, cell by cell, over HTTP.

interface Table {
  title: string;
  /** As the page names them: `GET /documents/:id`, and behind a comma or a question mark what is special. */
  routes: string[];
  rows: { name: string; cells: string[] }[];
}

const tables: Table[] = page
  .split(/^## /m)
  .slice(1)
  .map((section) => ({
    title: section.split("\n")[0]!,
    routes: [...section.matchAll(/^- `([^`]+)`(.*)$/gm)].map(([, route, more]) => `${route}${more}`),
    rows: [...section.matchAll(/^\| ([\w ]+) \| (.+) \|$/gm)].map(([, name, cells]) => ({
      name: name!,
      cells: cells!.split(" | "),
    })),
  }));

const columns = /^\| \| (nobody .+) \|$/m.exec(page)?.[1]?.split(" | ");
/** The route itself. */
const routeOf = (name: string) => name.split(/[,?]/)[0]!;
const ofDocuments = (name: string) =>
  /^\w+ (\/ws)?\/documents\/:id/.test(name) || name.includes("share-links");

/** The codes that a cell stands for. */
const codes: Record<string, string[]> = {
  "401": ["unauthenticated", "invalid_token"],
  scope: ["insufficient_scope"],
  "403": ["forbidden"],
  "404": ["not_found"],
  "501": ["not_configured"],
};

let scene: Scene;
/** A document in which everybody has their part: what guests come from who ask for something else. */
let home: Thing;
beforeAll(async () => {
  scene = await Scene.make(newTarget().url);
  home = await scene.newDocument((await teamOf({})).id);
}, 60_000);

/** What a row of the page is of; for questions, which change nothing, made once. */
async function thingOf(route: string, row: string): Promise<Thing> {
  if (!/:id/.test(route) && !route.includes(",") && !route.includes("share-links")) return home;
  if (row === "absent") return { ...absent(), guestTokens: home.guestTokens };
  const kind = ofDocuments(route) && !route.includes("into the workspace") ? "document" : "workspace";
  if (!route.startsWith("GET")) return makeThing(kind, row);
  const key = `${kind}, ${row}`;
  const made = things.get(key) ?? (await makeThing(kind, row));
  things.set(key, made);
  return made;
}

const things = new Map<string, Thing>();
/** Workspaces that only their documents are asked for. */
const teams = new Map<string, Promise<Thing>>();

function teamOf(options: { foreign?: boolean; deleted?: boolean }): Promise<Thing> {
  const key = JSON.stringify(options);
  const team = teams.get(key) ?? scene.newTeam(options);
  teams.set(key, team);
  return team;
}

async function makeThing(kind: "document" | "workspace", row: string): Promise<Thing> {
  const foreign = row === "foreign";
  const { guestTokens } = home;
  if (kind === "workspace") {
    const team = await scene.newTeam({ foreign, deleted: row === "deleted" });
    return withPart(row, { ...team, guestTokens }, () => teamOf({ foreign: true }));
  }
  const team = await teamOf({ foreign, deleted: row === "of a deleted workspace" });
  const document = await scene.newDocument(team.id, { foreign, trashed: row === "trashed" });
  const foreignDocument = async () =>
    scene.newDocument((await teamOf({ foreign: true })).id, { foreign: true });
  return withPart(row, foreign ? { ...document, guestTokens } : document, foreignDocument);
}

/** With a part that is not its own, where the row says so. */
async function withPart(row: string, thing: Thing, foreign: () => Promise<Thing>): Promise<Thing> {
  if (row === "absent part") return { ...thing, parts: absent().parts, ownParts: thing.parts };
  if (row === "foreign part") return { ...thing, parts: (await foreign()).parts, ownParts: thing.parts };
  return thing;
}

async function ask(route: string, row: string, who: PrincipalName, thing: Thing): Promise<Answer> {
  const [method = "", path = ""] = routeOf(route).split(" ");
  const asked = (await requests[route]?.({ scene, who, thing, row })) ?? {};
  // The last id is the part that a row may be about; those before it are of what is one's own.
  const names = [...path.matchAll(/:(\w+)/g)].map(([, name]) => name!);
  const address = path.replaceAll(/:(\w+)/g, (_, name: keyof Thing["parts"] | "id" | "version" | "code") => {
    if (name === "id" || name === "code") return asked.id ?? thing.id;
    if (name === "version") return "1";
    return name === names.at(-1) ? thing.parts[name] : (thing.ownParts ?? thing.parts)[name];
  });
  const place = `${app.routes.some((one) => one.path === path) ? "" : "/api/v1"}${address}${asked.query ?? ""}`;
  const token = who in scene.people && asked.token ? asked.token : await scene.tokenOf(who, thing);
  const { json, body, headers } = asked;
  const options = { ...(json && { json }), ...(body && { body }), ...(token && { token }) };
  if (!/\/(events|ws\/.*)$/.test(address) && method + headers?.upgrade !== "GETwebsocket") {
    return send(method, place, { ...options, ...(headers && { headers }) });
  }
  // What does not end is not read.
  const bearer = token ? { authorization: `Bearer ${token}` } : {};
  const response = await exports.default.fetch(`https://materi.test${place}`, {
    headers: { ...headers, ...bearer },
  });
  if (response.status < 400) {
    response.webSocket?.accept();
    response.webSocket?.close();
    await response.body?.cancel();
    return { status: response.status, headers: response.headers, text: "", body: undefined };
  }
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, body: JSON.parse(text) };
}

/** Whether the answer is the one of the cell. */
function verdict(answer: Answer): string {
  if (answer.status < 400) return "yes";
  const code = answer.body?.error;
  const cell = Object.entries(codes).find(([, known]) => known.includes(code))?.[0];
  return cell ?? `${answer.status} ${code}: ${answer.body?.detail}`;
}

/** All of an answer by which somebody could tell two of them apart. */
const looks = ({ status, headers, body }: Answer) => ({
  status,
  headers: [...headers].filter(([name]) => name !== "x-request-id" && name !== "traceparent"),
  body: { ...body, request_id: undefined },
});

describe("docs/authorization.md", () => {
  it("AU-4: has every route of the router, and no other", () => {
    const served = app.routes.flatMap(({ method, path }) =>
      method === "ALL" ? [] : `${method} ${path.replace("/api/v1/", "/")}`,
    );
    const listed = tables.flatMap(({ routes }) => routes.map(routeOf));
    expect([...new Set(listed)].sort()).toEqual([...new Set(served)].sort());
    expect(
      Object.keys(requests).filter((name) => !tables.some(({ routes }) => routes.includes(name))),
    ).toEqual([]);
  });

  it("has a cell for everybody in every row", () => {
    expect(columns?.map((name) => name.trim())).toEqual(principals);
    for (const { title, rows } of tables) {
      expect(rows.length, title).toBeGreaterThan(0);
      for (const { name, cells } of rows) expect(cells, `${title}, ${name}`).toHaveLength(principals.length);
    }
  });
});

describe.each(tables)("AU-4: $title", ({ routes, rows }) => {
  it.each(routes)("%s", { timeout: 120_000 }, async (route) => {
    const wrong: string[] = [];
    /** What who asks is told of what is absent. */
    const ofAbsent = new Map<PrincipalName, ReturnType<typeof looks>>();
    const applying = rows.filter(({ name }) => !name.endsWith("part") || /:\w+_id/.test(route));
    // What is absent first: the others are compared with it.
    const isAbsent = ({ name }: { name: string }) => Number(name === "absent");
    for (const { name: row, cells } of applying.toSorted((a, b) => isAbsent(b) - isAbsent(a))) {
      let thing = await thingOf(route, row);
      for (const [column, who] of principals.entries()) {
        const answer = await ask(route, row, who, thing);
        const [expected, found] = [cells[column]!, verdict(answer)];
        const cell = `${row}, ${who}`;
        if (found !== expected) wrong.push(`${cell}: ${found}, not ${expected}`);
        if (row === "absent") ofAbsent.set(who, looks(answer));
        else if (found === "404" && !row.endsWith("part") && ofAbsent.has(who)) {
          expect(looks(answer), `${cell}, beside what is absent`).toEqual(ofAbsent.get(who));
        }
        // What was done is not there for the next.
        if (found === "yes" && !route.startsWith("GET")) thing = await thingOf(route, row);
      }
    }
    expect(wrong).toEqual([]);
  });
});
