import { Route, Switch } from "wouter";
import { Tabs } from "../design/tabs.tsx";
import { NotFoundPage } from "../shell/not-found-page.tsx";
import { useTitle } from "../shell/title.ts";
import { AccountPage } from "./account-page.tsx";
import { OwnDataPage } from "./own-data-page.tsx";
import { ReauthenticationDialog } from "./reauthentication-dialog.tsx";
import { SecurityPage } from "./security-page.tsx";
import { TokensPage } from "./tokens-page.tsx";

const tabs = [
  { href: "/settings", name: "Account" },
  { href: "/settings/security", name: "Security" },
  { href: "/settings/tokens", name: "Access tokens" },
  { href: "/settings/data", name: "Your data" },
];

/** One's own account. */
export function SettingsPages() {
  useTitle("Settings");
  return (
    <>
      <div className="page-head">
        <h1>Settings</h1>
      </div>
      <Tabs label="Settings" tabs={tabs} />
      <Switch>
        <Route path="/settings" component={AccountPage} />
        <Route path="/settings/security" component={SecurityPage} />
        <Route path="/settings/tokens" component={TokensPage} />
        <Route path="/settings/data" component={OwnDataPage} />
        <Route component={NotFoundPage} />
      </Switch>
      <ReauthenticationDialog />
    </>
  );
}
