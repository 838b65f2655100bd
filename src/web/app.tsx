import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useEffect } from "react";
import { Link, Redirect, Route, Switch, useLocation, useSearch } from "wouter";
import { AccountDeletedPage } from "./account/account-deleted-page.tsx";
import { ConfirmEmailPage } from "./account/confirm-email-page.tsx";
import { ForgotPasswordPage } from "./account/forgot-password-page.tsx";
import { InvitationPage } from "./account/invitation-page.tsx";
import { RegisterPage } from "./account/register-page.tsx";
import { ResetPasswordPage } from "./account/reset-password-page.tsx";
import { SignInPage } from "./account/sign-in-page.tsx";
import { SignedInAgainPage } from "./account/signed-in-again-page.tsx";
import { client, queries, useUser } from "./client.ts";
import { buttonClass } from "./design/button.tsx";
import { Fault, Waiting } from "./design/notice.tsx";
import { DocumentsPage } from "./documents/documents-page.tsx";
import { SharedPage } from "./documents/shared-page.tsx";
import { TrashPage } from "./documents/trash-page.tsx";
import { SearchPage } from "./search/search-page.tsx";
import { Faulty } from "./shell/faulty.tsx";
import { NotFoundPage } from "./shell/not-found-page.tsx";
import { Shell } from "./shell/shell.tsx";

const DocumentPage = lazy(async () => ({
  default: (await import("./document/document-page.tsx")).DocumentPage,
}));
const HistoryPage = lazy(async () => ({
  default: (await import("./document/history/history-page.tsx")).HistoryPage,
}));
const SettingsPages = lazy(async () => ({
  default: (await import("./settings/settings-pages.tsx")).SettingsPages,
}));
const SharedLinkPage = lazy(async () => ({
  default: (await import("./document/shared-link-page.tsx")).SharedLinkPage,
}));
const TimeTravelPage = lazy(async () => ({
  default: (await import("./time-travel/time-travel-page.tsx")).TimeTravelPage,
}));
const WorkspacePages = lazy(async () => ({
  default: (await import("./workspaces/workspace-pages.tsx")).WorkspacePages,
}));

/** Which page an address is. What is large and not asked for at once is fetched when it is. */
export function App() {
  const resumed = useQuery({
    queryKey: ["resume"],
    queryFn: async () => (await client.auth.resume()) ?? null,
    staleTime: Number.POSITIVE_INFINITY,
  });
  const user = useUser();
  // What was shown to one person is not shown to the next.
  // biome-ignore lint/correctness/useExhaustiveDependencies: whenever it is somebody else
  useEffect(
    () => queries.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== "resume" }),
    [user?.id],
  );

  if (resumed.isPending) return <Waiting label="Signing in" />;
  if (resumed.isError) return <Fault error={resumed.error} retry={resumed.refetch} />;
  return (
    <Faulty>
      <Suspense fallback={<Waiting />}>
        <Switch>
          <Route path="/sign-in" component={SignInPage} />
          <Route path="/register" component={RegisterPage} />
          <Route path="/forgot-password" component={ForgotPasswordPage} />
          <Route path="/reset-password" component={ResetPasswordPage} />
          <Route path="/confirm-email" component={ConfirmEmailPage} />
          <Route path="/invitation" component={InvitationPage} />
          <Route path="/signed-in-again" component={SignedInAgainPage} />
          <Route path="/account-deleted" component={AccountDeletedPage} />
          <Route path="/shared" component={SharedLinkPage} />
          <Route path="/admin/documents/:id?">{({ id }) => <TimeTravelPage key={id} id={id} />}</Route>
          <Route>{user ? <SignedInPages /> : <SignInFirst />}</Route>
        </Switch>
      </Suspense>
    </Faulty>
  );
}

/** Documents have the whole window; every other page has the shell around it. */
function SignedInPages() {
  return (
    <Switch>
      <Route path="/documents/:id/history">{({ id }) => <HistoryPage key={id} id={id} />}</Route>
      <Route path="/documents/:id">
        {({ id }) => <DocumentPage key={id} id={id} back={<ToDocuments />} />}
      </Route>
      <Route>
        <Shell>
          <Suspense fallback={<Waiting />}>
            <Switch>
              <Route path="/" component={DocumentsPage} />
              <Route path="/shared-with-me" component={SharedPage} />
              <Route path="/trash" component={TrashPage} />
              <Route path="/search" component={SearchPage} />
              <Route path="/settings/*?" component={SettingsPages} />
              <Route path="/workspaces/:id/*?">{({ id }) => <WorkspacePages key={id} id={id} />}</Route>
              <Route component={NotFoundPage} />
            </Switch>
          </Suspense>
        </Shell>
      </Route>
    </Switch>
  );
}

function ToDocuments() {
  return (
    <Link href="/" className={buttonClass("quiet", true)}>
      ← Documents
    </Link>
  );
}

/** To the sign-in page, and back here afterwards; with what came back from Google in place of a sign-in. */
function SignInFirst() {
  const [path] = useLocation();
  const error = new URLSearchParams(useSearch()).get("error");
  const here = new URLSearchParams({ ...(path !== "/" && { next: path }), ...(error && { error }) });
  return <Redirect to={here.size > 0 ? `/sign-in?${here}` : "/sign-in"} replace />;
}
