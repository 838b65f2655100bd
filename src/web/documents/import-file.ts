import type { Document } from "../../client/index.ts";
import { client } from "../client.ts";

/** What documents are made of. */
export const importable = ".md,.markdown,.txt";

/** Makes a document of a text file. Throws MateriError, and TypeError where the file is no text. */
export async function importFile(file: File, workspaceId?: string): Promise<Document> {
  if (!new RegExp(`(${importable.replaceAll(",", "|").replaceAll(".", "\\.")})$`, "i").test(file.name)) {
    throw new TypeError("Only Markdown and text files can be imported.");
  }
  return client.documents.create({
    title: file.name.replace(/\.\w+$/, "").trim() || "Untitled",
    content: decoded(await file.arrayBuffer()).replaceAll(/\r\n?/g, "\n"),
    ...(workspaceId && { workspace_id: workspaceId }),
  });
}

/** Without its byte order mark. Refuses what a wrong encoding would turn into other characters. */
function decoded(bytes: ArrayBuffer): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new TypeError("This is not UTF-8. Save it as UTF-8, then import it again.");
  }
}
