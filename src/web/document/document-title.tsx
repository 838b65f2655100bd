import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { explain } from "../design/explain.ts";
import { documentsKey } from "../documents/documents-query.ts";
import { useTitle } from "../shell/title.ts";
import { useClient } from "./document-client.ts";

interface DocumentTitleProps {
  id: string;
  title: string;
  readOnly: boolean;
}

/** The title, saved when one leaves it. */
export function DocumentTitle({ id, title, readOnly }: DocumentTitleProps) {
  const client = useClient();
  const queries = useQueryClient();
  const [value, setValue] = useState(title);
  useEffect(() => setValue(title), [title]);
  useTitle(value);
  const save = useMutation({
    mutationFn: () => client.documents.update(id, { title: value }),
    onSuccess: (document) => {
      queries.setQueryData(["document", id], document);
      return queries.invalidateQueries({ queryKey: documentsKey });
    },
  });
  if (readOnly) return <h1 className="document-title">{value}</h1>;
  return (
    <>
      <h1 className="heard-only">{value}</h1>
      <input
        className="document-title"
        aria-label="Title"
        value={value}
        onChange={(event) => setValue(event.target.value)}
        onFocus={(event) => value === "Untitled" && event.target.select()}
        onBlur={() => value !== title && save.mutate()}
        onKeyDown={(event) => event.key === "Enter" && event.currentTarget.blur()}
      />
      {save.isError && <span role="alert">{explain(save.error)}</span>}
    </>
  );
}
