import type { BrowserContext, Page } from "playwright-core";
import { rolldown } from "rolldown";
import { url } from "./browser.ts";

/** Modules of the project, and what else `more` exports, as one script, whose exports are the members of `materi`. */
export async function bundled(paths: readonly string[], more = ""): Promise<string> {
  const entry = "library.ts";
  const source = [...paths.map((path) => `export * from "${process.cwd()}/${path}";`), more].join("\n");
  const bundle = await rolldown({
    input: entry,
    transform: { define: { "process.env.NODE_ENV": '"development"' } },
    plugins: [
      {
        name: "entry",
        resolveId: (id) => (id === entry ? `${process.cwd()}/${entry}` : undefined),
        load: (id) => (id.endsWith(`/${entry}`) ? source : undefined),
      },
    ],
  });
  const { output } = await bundle.generate({ format: "iife", name: "materi", codeSplitting: false });
  return output[0].code;
}

/** A tab of the service's origin, on a page without a script of its own, which has the library as `materi`. */
export async function newTab(context: BrowserContext, library: string): Promise<Page> {
  const tab = await context.newPage();
  await tab.goto(`${url}/health`);
  await tab.evaluate(`${library}; globalThis.materi = materi;`);
  return tab;
}
