import { useQuery } from "@tanstack/react-query";
import { Route, Switch } from "wouter";
import { Fault, Waiting } from "../design/notice.tsx";
import { Tabs } from "../design/tabs.tsx";
import { NotFoundPage } from "../shell/not-found-page.tsx";
import { useTitle } from "../shell/title.ts";
import { DeletedWorkspaces } from "./deleted-workspaces.tsx";
import { MembersPage } from "./members-page.tsx";
import { manages } from "./roles.ts";
import { WebhookPage } from "./webhook-page.tsx";
import { WebhooksPage } from "./webhooks-page.tsx";
import { WorkspaceDocumentsPage } from "./workspace-documents-page.tsx";
import { WorkspaceSettingsPage } from "./workspace-settings-page.tsx";
import { workspaceQuery } from "./workspaces-query.ts";

/** A workspace: its documents, who is in it, what it tells others, its settings. What one may not do there is not shown. */
export function WorkspacePages({ id }: { id: string }) {
  const { data: workspace, error, refetch } = useQuery(workspaceQuery(id));
  useTitle(workspace?.name ?? "Workspace");
  if (!workspace) return error ? <Fault error={error} retry={refetch} /> : <Waiting label="Loading" />;
  const { name, personal, role, deleted_at } = workspace;
  const head = (
    <div className="page-head">
      <h1>{name}</h1>
    </div>
  );
  if (deleted_at) {
    return (
      <>
        {head}
        <DeletedWorkspaces workspaces={[workspace]} />
      </>
    );
  }
  const home = `/workspaces/${id}`;
  const tabs = [
    { href: home, name: "Documents", shown: true },
    { href: `${home}/members`, name: "Members", shown: !personal },
    { href: `${home}/webhooks`, name: "Webhooks", shown: manages(role) },
    { href: `${home}/settings`, name: "Settings", shown: manages(role) },
  ].filter(({ shown }) => shown);
  return (
    <>
      {head}
      {tabs.length > 1 && <Tabs label={`Of ${name}`} tabs={tabs} />}
      <Switch>
        <Route path="/workspaces/:id">
          <WorkspaceDocumentsPage workspace={workspace} />
        </Route>
        {!personal && (
          <Route path="/workspaces/:id/members">
            <MembersPage workspace={workspace} />
          </Route>
        )}
        {manages(role) && (
          <Route path="/workspaces/:id/webhooks">
            <WebhooksPage workspace={workspace} />
          </Route>
        )}
        {manages(role) && (
          <Route path="/workspaces/:id/webhooks/:webhookId">
            {({ webhookId }) => <WebhookPage workspace={workspace} webhookId={webhookId} />}
          </Route>
        )}
        {manages(role) && (
          <Route path="/workspaces/:id/settings">
            <WorkspaceSettingsPage workspace={workspace} />
          </Route>
        )}
        <Route component={NotFoundPage} />
      </Switch>
    </>
  );
}
