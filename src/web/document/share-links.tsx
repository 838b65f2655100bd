import { queryOptions, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { items } from "../../client/index.ts";
import { client } from "../client.ts";
import { Button } from "../design/button.tsx";
import { CopyField } from "../design/copy-field.tsx";
import { faultOf } from "../design/explain.ts";
import { Field, Select } from "../design/field.tsx";
import { FormFault } from "../design/form.tsx";
import { Fault, Notice, Waiting } from "../design/notice.tsx";
import { Ago } from "../design/time.tsx";

const linksQuery = (id: string) =>
  queryOptions({
    queryKey: ["share-links", id],
    queryFn: () => Array.fromAsync(items((page) => client.sharing.links(id, page))),
  });

const blank = { name: "", role: "viewer" as "viewer" | "editor", guests: true, history: false, days: "" };

/** Access by a link, for whoever has it. */
export function ShareLinks({ id }: { id: string }) {
  const queries = useQueryClient();
  const links = useQuery(linksQuery(id));
  const [making, setMaking] = useState<typeof blank>();
  const changed = () => queries.invalidateQueries(linksQuery(id));
  const make = useMutation({
    mutationFn: ({ days, ...link }: typeof blank) =>
      client.sharing.createLink(id, {
        ...link,
        expires_at: days ? new Date(Date.now() + Number(days) * 86_400_000).toISOString() : null,
      }),
    onSuccess: () => {
      setMaking(undefined);
      return changed();
    },
  });
  const revoke = useMutation({
    mutationFn: (linkId: string) => client.sharing.revokeLink(id, linkId),
    onSuccess: changed,
  });
  return (
    <section className="share-section" aria-label="Links">
      <h3>Links</h3>
      {links.isPending && <Waiting label="Loading links" />}
      {links.isError && <Fault error={links.error} retry={links.refetch} />}
      {make.data && (
        <Notice>
          <CopyField label="The new link. It is shown only now." value={make.data.url} />
        </Notice>
      )}
      <ul className="shares">
        {links.data?.map((link) => (
          <li key={link.id}>
            <span className="shares-who">
              {link.name}
              <span className="shares-note">
                {link.role === "editor" ? "may edit" : "may read"}
                {link.history && ", with its history"}
                {link.guests ? ", without an account" : ", signed in"}
                {link.expires_at && (
                  <>
                    , ends <Ago time={link.expires_at} />
                  </>
                )}
              </span>
            </span>
            <Button small look="quiet" onClick={() => revoke.mutate(link.id)}>
              Revoke {link.name}
            </Button>
          </li>
        ))}
      </ul>
      <FormFault error={revoke.error} />
      {making ? (
        <form
          onSubmit={(event) => {
            event.preventDefault();
            make.mutate(making);
          }}
        >
          <Field
            label="Name of the link"
            hint="For you, to tell links apart."
            value={making.name}
            onChange={(event) => setMaking({ ...making, name: event.target.value })}
            fault={faultOf(make.error, "name")}
            autoFocus
            required
          />
          <div className="share-choices">
            <Select
              label="Whoever has it may"
              value={making.role}
              onChange={(event) => setMaking({ ...making, role: event.target.value as "viewer" | "editor" })}
            >
              <option value="viewer">read</option>
              <option value="editor">edit</option>
            </Select>
            <Select
              label="It ends"
              value={making.days}
              onChange={(event) => setMaking({ ...making, days: event.target.value })}
            >
              <option value="">when it is revoked</option>
              <option value="1">in a day</option>
              <option value="7">in a week</option>
              <option value="30">in a month</option>
            </Select>
            <label className="choice">
              <input
                type="checkbox"
                checked={making.guests}
                onChange={(event) => setMaking({ ...making, guests: event.target.checked })}
              />
              It lets in people who have no account
            </label>
            <label className="choice">
              <input
                type="checkbox"
                checked={making.history}
                onChange={(event) => setMaking({ ...making, history: event.target.checked })}
              />
              It shows the history
            </label>
          </div>
          <FormFault error={make.error} />
          <div className="dialog-actions">
            <Button onClick={() => setMaking(undefined)}>Cancel</Button>
            <Button look="primary" type="submit" busy={make.isPending}>
              Make the link
            </Button>
          </div>
        </form>
      ) : (
        <Button onClick={() => setMaking(blank)}>New link</Button>
      )}
    </section>
  );
}
