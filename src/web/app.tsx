import { useQuery } from "@tanstack/react-query";
import { Suspense, useEffect } from "react";
import { Redirect, Route, Switch, useLocation } from "wouter";
import { ConfirmEmailPage } from "./account/confirm-email-page.tsx";
import { ForgotPasswordPage } from "./account/forgot-password-page.tsx";
import { InvitationPage } from "./account/invitation-page.tsx";
import { RegisterPage } from "./account/register-page.tsx";
import { ResetPasswordPage } from "./account/reset-password-page.tsx";
import { SignInPage } from "./account/sign-in-page.tsx";
import { client, queries, useUser } from "./client.ts";
import { Fault, Waiting } from "./design/notice.tsx";
import { DocumentsPage } from "./documents/documents-page.tsx";
import { SharedPage } from "./documents/shared-page.tsx";
import { TrashPage } from "./documents/trash-page.tsx";
import { Faulty } from "./shell/faulty.tsx";
import { NotFoundPage } from "./shell/not-found-page.tsx";
import { Shell } from "./shell/shell.tsx";

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
          <Route>{user ? <SignedInPages /> : <SignInFirst />}</Route>
        </Switch>
      </Suspense>
    </Faulty>
  );
}

function SignedInPages() {
  return (
    <Shell>
      <Switch>
        <Route path="/" component={DocumentsPage} />
        <Route path="/shared-with-me" component={SharedPage} />
        <Route path="/trash" component={TrashPage} />
        <Route component={NotFoundPage} />
      </Switch>
    </Shell>
  );
}

/** To the sign-in page, and back here afterwards. */
function SignInFirst() {
  const [path] = useLocation();
  const here = path === "/" ? "" : `?next=${encodeURIComponent(path)}`;
  return <Redirect to={`/sign-in${here}`} replace />;
}
