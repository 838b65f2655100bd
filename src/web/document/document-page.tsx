import { useQuery } from "@tanstack/react-query";
import { lazy, type ReactNode, Suspense, useDeferredValue, useEffect, useState } from "react";
import { Link } from "wouter";
import type { DocumentSession } from "../../client/index.ts";
import { useCanEdit, useConnection, useRole, useText, useVersion } from "../../client/react/index.ts";
import { client } from "../client.ts";
import { Button, buttonClass } from "../design/button.tsx";
import { explain } from "../design/explain.ts";
import { Empty, Waiting } from "../design/notice.tsx";
import { DocumentBanner } from "./document-banner.tsx";
import { useClient } from "./document-client.ts";
import "./document-head.css";
import "./document-page.css";
import { DocumentTitle } from "./document-title.tsx";
import { Editor } from "./editor.tsx";
import { PeopleHere } from "./people-here.tsx";
import { SaveStatus } from "./save-status.tsx";
import { ShareDialog } from "./share-dialog.tsx";
import { useKeptDocument } from "./use-kept-document.ts";
import { countWords } from "./words.ts";

const Preview = lazy(async () => ({ default: (await import("./preview.tsx")).Preview }));

interface DocumentPageProps {
  id: string;
  /** Where one comes from; nowhere, for a guest. */
  back?: ReactNode;
  showsHistory?: boolean;
}

/** One document, to be written in with whoever else is there. */
export function DocumentPage({ id, back, showsHistory = true }: DocumentPageProps) {
  const reader = useClient();
  const document = useQuery({ queryKey: ["document", id], queryFn: () => reader.documents.get(id) });
  const { session, error } = useKeptDocument(id);
  const failed = error ?? document.error;
  if (failed) {
    return (
      <Empty title="This document cannot be opened">
        <p>{explain(failed)}</p>
        <Link href="/" className={buttonClass()}>
          All documents
        </Link>
      </Empty>
    );
  }
  if (!session || !document.data) return <Waiting label="Opening the document" />;
  const { title } = document.data;
  return <Opened key={id} id={id} title={title} session={session} back={back} showsHistory={showsHistory} />;
}

function Opened({
  id,
  title,
  session,
  back,
  showsHistory,
}: DocumentPageProps & { title: string; session: DocumentSession }) {
  const role = useRole(session);
  const readOnly = !useCanEdit(session);
  const connection = useConnection(session);
  const isRefused = connection?.state === "ended" && connection.code === "forbidden";
  // Perhaps because the sign-in has ended: this finds out, and then there is nobody signed in any more.
  useEffect(() => {
    if (isRefused) void client.account.get().catch(() => {});
  }, [isRefused]);
  const [preview, setPreview] = useState(false);
  const [sharing, setSharing] = useState(false);
  return (
    <div className="document">
      <header className="document-head">
        {back}
        <DocumentTitle id={id} title={title} readOnly={readOnly} />
        <div className="document-head-end">
          <SaveStatus session={session} />
          {readOnly && <span className="status">You may read</span>}
          <PeopleHere session={session} />
          <Button small look="quiet" aria-pressed={preview} onClick={() => setPreview(!preview)}>
            Preview
          </Button>
          {showsHistory && (
            <Link href={`/documents/${id}/history`} className={buttonClass("quiet", true)}>
              History
            </Link>
          )}
          {role === "owner" && (
            <Button small look="primary" onClick={() => setSharing(true)}>
              Share
            </Button>
          )}
        </div>
      </header>
      <DocumentBanner session={session} />
      <main className="document-body" data-preview={preview}>
        <Editor session={session} readOnly={readOnly} />
        {preview && (
          <Suspense fallback={<Waiting label="Loading the preview" />}>
            <SessionPreview session={session} />
          </Suspense>
        )}
      </main>
      <Foot session={session} />
      {sharing && <ShareDialog id={id} title={title} onClose={() => setSharing(false)} />}
    </div>
  );
}

function SessionPreview({ session }: { session: DocumentSession }) {
  const text = useText(session) ?? "";
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: so that the keyboard scrolls it
    <div className="document-preview" tabIndex={0}>
      <Preview text={text} />
    </div>
  );
}

function Foot({ session }: { session: DocumentSession }) {
  const text = useDeferredValue(useText(session) ?? "");
  const version = useVersion(session);
  return (
    <footer className="document-foot">
      <span>
        {countWords(text)} words, {text.length} characters
      </span>
      <span>Version {version}</span>
    </footer>
  );
}
