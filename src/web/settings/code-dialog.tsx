import { useMutation } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { Button } from "../design/button.tsx";
import { Dialog } from "../design/dialog.tsx";
import { Form, FormFault } from "../design/form.tsx";
import { CodeField, isWrongCode } from "../second-factor/code-field.tsx";

interface CodeDialogProps {
  title: string;
  /** What is done: "Switch it off". */
  action: string;
  act: (code: string) => Promise<unknown>;
  onClose: () => void;
  children: ReactNode;
}

/** Asks for a code before the second factor is changed. */
export function CodeDialog({ title, action, act, onClose, children }: CodeDialogProps) {
  const [code, setCode] = useState("");
  const send = useMutation({ mutationFn: () => act(code) });
  return (
    <Dialog title={title} onClose={onClose}>
      <Form onSubmit={send.mutate}>
        {children}
        <CodeField value={code} onChange={setCode} error={send.error} autoFocus />
        {!isWrongCode(send.error) && <FormFault error={send.error} />}
        <div className="dialog-actions">
          <Button onClick={onClose}>Cancel</Button>
          <Button look="primary" type="submit" busy={send.isPending}>
            {action}
          </Button>
        </div>
      </Form>
    </Dialog>
  );
}
