import { useState } from "react";
import { useLocation, useRoute, useSearch } from "wouter";
import "./search-box.css";

/** In the head of every page: what is looked for in all documents. */
export function SearchBox() {
  const [isOpen] = useRoute("/search");
  const asked = new URLSearchParams(useSearch()).get("q") ?? "";
  // Anew for each search, so that it says what the page shows.
  return <Box key={isOpen ? asked : ""} initial={isOpen ? asked : ""} />;
}

function Box({ initial }: { initial: string }) {
  const [words, setWords] = useState(initial);
  const [, goTo] = useLocation();
  return (
    <search className="search-box">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (words.trim() !== "") goTo(`/search?${new URLSearchParams({ q: words.trim() })}`);
        }}
      >
        <input
          type="search"
          className="input"
          aria-label="Search all documents"
          placeholder="Search"
          value={words}
          onChange={({ target }) => setWords(target.value)}
        />
      </form>
    </search>
  );
}
