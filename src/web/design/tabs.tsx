import { useEffect, useRef } from "react";
import { Link, useLocation } from "wouter";
import "./tabs.css";

/** Pages that belong together, one beside the other. What lies below one of them is a part of it, unless it is below all. */
export function Tabs({ label, tabs }: { label: string; tabs: readonly { href: string; name: string }[] }) {
  const [path] = useLocation();
  const nav = useRef<HTMLElement>(null);
  const here = tabs
    .map(({ href }) => href)
    .filter((href) => path === href || path.startsWith(`${href}/`))
    .reduce((longest, href) => (href.length > longest.length ? href : longest), "");
  // Where they do not fit side by side, the one that is open is seen.
  // biome-ignore lint/correctness/useExhaustiveDependencies: when another is
  useEffect(() => {
    nav.current?.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }, [here]);
  return (
    <nav ref={nav} className="tabs" aria-label={label}>
      {tabs.map(({ href, name }) => (
        <Link key={href} href={href} aria-current={href === here ? "page" : undefined}>
          {name}
        </Link>
      ))}
    </nav>
  );
}
