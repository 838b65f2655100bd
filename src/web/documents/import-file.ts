import type { Document } from "../../client/index.ts";
import { client } from "../client.ts";

const types: Record<string, string | undefined> = {
  md: "text/markdown",
  markdown: "text/markdown",
  txt: "text/plain",
  htm: "text/html",
  html: "text/html",
};

/** What documents are made of: the endings of names, as file choosers take them. */
export const importable = Object.keys(types)
  .map((ending) => `.${ending}`)
  .join(",");

/** Makes a document of a file, which it is named after. Throws MateriError, and TypeError where the file is no text. */
export async function importFile(file: File, workspaceId?: string): Promise<Document> {
  const [, stem = "", ending = ""] = /^(.*)\.(\w+)$/s.exec(file.name) ?? [];
  const type = types[ending.toLowerCase()];
  if (!type) throw new TypeError("Only Markdown, text and HTML files can be imported.");
  const title = stem.trim();
  return client
    .with({ headers: { "content-type": type } })
    .documents.importFile(decoded(await file.arrayBuffer()), {
      ...(title && { title }),
      ...(workspaceId && { workspace_id: workspaceId }),
    });
}

/** Refuses what a wrong encoding would turn into other characters. */
function decoded(bytes: ArrayBuffer): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new TypeError("This is not UTF-8. Save it as UTF-8, then import it again.");
  }
}
