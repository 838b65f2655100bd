import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import type { CreatedPersonalToken, Scope } from "../../client/index.ts";
import { client } from "../client.ts";
import { Button } from "../design/button.tsx";
import { Dialog } from "../design/dialog.tsx";
import { faultOf } from "../design/explain.ts";
import { Field, Select } from "../design/field.tsx";
import { Form, FormFault } from "../design/form.tsx";
import { proven } from "./proven.ts";
import { scopeNames } from "./scopes.ts";

const days = { 7: "a week", 30: "a month", 90: "three months", 365: "a year" };

interface NewTokenDialogProps {
  onClose: () => void;
  onMade: (token: CreatedPersonalToken) => unknown;
}

export function NewTokenDialog({ onClose, onMade }: NewTokenDialogProps) {
  const [name, setName] = useState("");
  const [scope, setScope] = useState<Scope>("documents:read");
  const [expires, setExpires] = useState("90");
  const make = useMutation({
    mutationFn: () =>
      proven(() => client.tokens.create({ name, scopes: [scope], expires_in_days: Number(expires) })),
    onSuccess: onMade,
  });
  return (
    <Dialog title="New access token" onClose={onClose}>
      <Form onSubmit={make.mutate}>
        <Field
          label="Name"
          hint="What uses it, for you to know it by."
          value={name}
          onChange={(event) => setName(event.target.value)}
          fault={faultOf(make.error, "name")}
          autoFocus
          required
        />
        <Select label="It may" value={scope} onChange={({ target }) => setScope(target.value as Scope)}>
          {Object.entries(scopeNames).map(([value, what]) => (
            <option key={value} value={value}>
              {what}
            </option>
          ))}
        </Select>
        <Select label="For" value={expires} onChange={({ target }) => setExpires(target.value)}>
          {Object.entries(days).map(([value, length]) => (
            <option key={value} value={value}>
              {length}
            </option>
          ))}
        </Select>
        <FormFault error={make.error} />
        <div className="dialog-actions">
          <Button onClick={onClose}>Cancel</Button>
          <Button look="primary" type="submit" busy={make.isPending}>
            Create
          </Button>
        </div>
      </Form>
    </Dialog>
  );
}
