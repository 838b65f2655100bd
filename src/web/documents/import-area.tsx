import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type DragEvent, type ReactNode, useRef, useState } from "react";
import { Button } from "../design/button.tsx";
import { explain } from "../design/explain.ts";
import { Notice } from "../design/notice.tsx";
import { documentsKey } from "./documents-query.ts";
import { importable, importFile } from "./import-file.ts";
import "./import-area.css";

interface ImportAreaProps {
  /** Where documents come to be; without it, in one's personal workspace. */
  workspaceId?: string | undefined;
  /** The page, which gets the button by which files are chosen. */
  children: (button: ReactNode) => ReactNode;
}

/** A list of documents that takes files: dropped anywhere on it, or chosen by the button. */
export function ImportArea({ workspaceId, children }: ImportAreaProps) {
  const queries = useQueryClient();
  const input = useRef<HTMLInputElement>(null);
  const [isOver, setOver] = useState(false);
  const take = useMutation({
    mutationFn: async (files: readonly File[]) => {
      const failures: string[] = [];
      for (const file of files) {
        try {
          await importFile(file, workspaceId);
        } catch (error) {
          failures.push(`${file.name}: ${error instanceof TypeError ? error.message : explain(error)}`);
        }
      }
      return { imported: files.length - failures.length, failures };
    },
    onSettled: () => queries.invalidateQueries({ queryKey: documentsKey }),
  });
  const hasFiles = (event: DragEvent) => event.dataTransfer.types.includes("Files");
  const button = (
    <>
      <Button busy={take.isPending} onClick={() => input.current?.click()}>
        Import
      </Button>
      <input
        ref={input}
        type="file"
        accept={importable}
        multiple
        hidden
        aria-label="Files to import"
        onChange={({ target }) => {
          take.mutate([...(target.files ?? [])]);
          // So that the same file can be chosen again.
          target.value = "";
        }}
      />
    </>
  );
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: files are dropped by a mouse; with the keys, the button takes them
    <div
      className={`import-area ${isOver ? "import-area-over" : ""}`}
      onDragOver={(event) => {
        if (!hasFiles(event)) return;
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={(event) => {
        if (!event.currentTarget.contains(event.relatedTarget as Node | null)) setOver(false);
      }}
      onDrop={(event) => {
        if (!hasFiles(event)) return;
        event.preventDefault();
        setOver(false);
        take.mutate([...event.dataTransfer.files]);
      }}
    >
      {take.data && take.data.imported > 0 && (
        <Notice>
          {take.data.imported === 1 ? "It is imported." : `${take.data.imported} are imported.`}
        </Notice>
      )}
      {take.data?.failures.map((failure) => (
        <Notice key={failure} kind="bad">
          {failure}
        </Notice>
      ))}
      {children(button)}
    </div>
  );
}
