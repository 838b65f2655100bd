import { useMutation } from "@tanstack/react-query";
import { client } from "../client.ts";
import { Button } from "../design/button.tsx";
import { download } from "../design/download.ts";
import { FormFault } from "../design/form.tsx";
import { Notice } from "../design/notice.tsx";
import { Section } from "../design/section.tsx";
import { AccountDeletion } from "./account-deletion.tsx";
import { proven } from "./proven.ts";

/** Milliseconds for one part of an export: a thousand documents are read one by one. */
const patience = 10 * 60_000;

/** What is kept about oneself: to take along, and to have deleted. */
export function OwnDataPage() {
  return (
    <>
      <Export />
      <AccountDeletion />
    </>
  );
}

function Export() {
  const save = useMutation({ mutationFn: saveExport });
  return (
    <Section
      title="Take your data along"
      about="Your account, sessions, workspaces and what happened to them, and your documents with their texts, as JSON: a file for every thousand documents."
    >
      <Button busy={save.isPending} onClick={() => save.mutate()}>
        Export
      </Button>
      <FormFault error={save.error} />
      {save.data && <Notice>{save.data === 1 ? "It is saved." : `${save.data} files are saved.`}</Notice>}
    </Section>
  );
}

/** Saves everything, and says in how many files. */
async function saveExport(): Promise<number> {
  const patient = client.with({ timeout: patience });
  let cursor: string | null = null;
  let files = 0;
  do {
    const query: { cursor?: string } = cursor === null ? {} : { cursor };
    const part = await proven(() => patient.account.export(query));
    files += 1;
    download(`materi-export-${files}.json`, JSON.stringify(part, null, 2), "application/json");
    cursor = part.next_cursor;
  } while (cursor !== null);
  return files;
}
