import { type DragEvent, useState } from "react";
import type { Timeline } from "../../time-travel/timeline.ts";
import { Doorway } from "../account/doorway.tsx";
import { Button } from "../design/button.tsx";
import { Field } from "../design/field.tsx";
import { Form } from "../design/form.tsx";
import { Notice } from "../design/notice.tsx";
import { LifeView } from "./life-view.tsx";
import { exportedLife, lifeInFile, type OnProgress } from "./open-life.ts";

interface Opened {
  timeline: Timeline;
  /** How it was opened, to be opened again. */
  open: (onProgress: OnProgress) => Promise<Timeline>;
}

/**
 * A document's life, for the operator: by its id, or from a bundle's file, for which the service is not asked. The operator's token is in
 * this page's memory alone, as long as it is open.
 */
export function TimeTravelPage({ id = "" }: { id?: string | undefined }) {
  const [opened, setOpened] = useState<Opened>();
  const [progress, setProgress] = useState<number>();
  const [fault, setFault] = useState<string>();
  const [isOver, setOver] = useState(false);
  const open = async (how: Opened["open"]) => {
    setFault(undefined);
    setProgress(0);
    try {
      setOpened({ timeline: await how(setProgress), open: how });
    } catch (error) {
      setFault(error instanceof Error ? error.message : String(error));
    }
    setProgress(undefined);
  };
  const take = (file: File | undefined) => file && void open((onProgress) => lifeInFile(file, onProgress));
  const onDrop = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    take(event.dataTransfer.files[0]);
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: files are dropped by a mouse; with the keys, the field takes them
    <div
      className={isOver ? "travel-over" : undefined}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={onDrop}
    >
      {opened ? (
        <LifeView
          key={opened.timeline.bundle.head.exportedAt}
          timeline={opened.timeline}
          isBusy={progress !== undefined}
          fault={fault}
          onReload={() => void open(opened.open)}
          onClose={() => setOpened(undefined)}
        />
      ) : (
        <Doorway title="Time travel">
          {fault && <Notice kind="bad">{fault}</Notice>}
          <OpenForm
            id={id}
            progress={progress}
            onAsk={(of, token) => void open((onProgress) => exportedLife(of, token, onProgress))}
            onFile={take}
          />
        </Doorway>
      )}
    </div>
  );
}

interface OpenFormProps {
  id: string;
  progress: number | undefined;
  onAsk: (id: string, token: string) => void;
  onFile: (file: File | undefined) => void;
}

function OpenForm({ id, progress, onAsk, onFile }: OpenFormProps) {
  const [asked, setAsked] = useState(id);
  const [token, setToken] = useState("");
  return (
    <>
      <Form onSubmit={() => onAsk(asked.trim(), token)}>
        <Field
          label="Document"
          hint="Its id, as in its address."
          value={asked}
          required
          autoComplete="off"
          spellCheck={false}
          onChange={({ target }) => setAsked(target.value)}
        />
        <Field
          label="The operator’s token"
          hint="ADMIN_TOKEN of the service. It is kept until this page is closed, and nowhere else."
          type="password"
          value={token}
          required
          autoComplete="off"
          onChange={({ target }) => setToken(target.value)}
        />
        <Button type="submit" look="primary" busy={progress !== undefined}>
          Open its life
        </Button>
      </Form>
      <p className="doorway-or">or</p>
      <Field
        label="A bundle’s file"
        hint="Of npm run inspect -- export, or dropped on this page. It stays on this computer."
        type="file"
        accept=".ndjson,.gz"
        onChange={({ target }) => onFile(target.files?.[0])}
      />
      {progress !== undefined && <progress aria-label="Read so far" value={progress} />}
    </>
  );
}
