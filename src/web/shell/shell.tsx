import { useQuery, useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { Link, useLocation, useRoute } from "wouter";
import { client, useSignedIn } from "../client.ts";
import { Menu } from "../design/menu.tsx";
import { NameDialog } from "../design/name-dialog.tsx";
import { SearchBox } from "../search/search-box.tsx";
import { workspacesQuery } from "../workspaces/workspaces-query.ts";
import { Avatar } from "./avatar.tsx";
import { applyTheme, currentTheme, themes } from "./theme.ts";
import "./shell.css";

/** What is around every page of somebody who is signed in. */
export function Shell({ children }: { children: ReactNode }) {
  return (
    <div className="shell">
      <header className="shell-head">
        <Link href="/" className="shell-brand">
          <img src="/icon.svg" alt="" width="24" height="24" />
          Materi
        </Link>
        <SearchBox />
        <div className="shell-head-end">
          <PersonMenu />
        </div>
      </header>
      <Navigation />
      <main className="shell-main">{children}</main>
    </div>
  );
}

function Navigation() {
  const { data } = useQuery(workspacesQuery);
  const [making, setMaking] = useState(false);
  const [, goTo] = useLocation();
  const queries = useQueryClient();
  const workspaces = data?.filter(({ deleted_at }) => deleted_at === null) ?? [];
  return (
    <nav className="shell-nav" aria-label="Places">
      <Place href="/">All documents</Place>
      <Place href="/shared-with-me">Shared with me</Place>
      <Place href="/trash">Trash</Place>
      <h2>Workspaces</h2>
      {workspaces.map(({ id, name }) => (
        <Place key={id} href={`/workspaces/${id}`}>
          {name}
        </Place>
      ))}
      <button type="button" onClick={() => setMaking(true)}>
        + New workspace
      </button>
      {making && (
        <NameDialog
          title="New workspace"
          hint="A place for documents, and for the people who work on them."
          action="Create"
          save={(name) => client.workspaces.create({ name })}
          onClose={() => setMaking(false)}
          onSaved={async ({ id }) => {
            await queries.invalidateQueries(workspacesQuery);
            setMaking(false);
            goTo(`/workspaces/${id}`);
          }}
        />
      )}
    </nav>
  );
}

function Place({ href, children }: { href: string; children: ReactNode }) {
  const [here] = useRoute(href === "/" ? href : `${href}/*?`);
  return (
    <Link href={href} aria-current={here ? "page" : undefined}>
      {children}
    </Link>
  );
}

function PersonMenu() {
  const { name, email } = useSignedIn();
  const [theme, setTheme] = useState(currentTheme);
  const next = themes[(themes.indexOf(theme) + 1) % themes.length] ?? "system";
  return (
    <Menu label={`Your account, ${name}`} face={<Avatar name={name} />}>
      <Link href="/settings" role="menuitem">
        Settings of {email}
      </Link>
      <button
        type="button"
        role="menuitem"
        onClick={() => {
          applyTheme(next);
          setTheme(next);
        }}
      >
        Colours: {theme}
      </button>
      <button type="button" role="menuitem" onClick={() => void client.auth.logout()}>
        Sign out
      </button>
    </Menu>
  );
}
