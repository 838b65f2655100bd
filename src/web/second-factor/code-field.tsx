import { MateriError } from "../../client/index.ts";
import { faultOf } from "../design/explain.ts";
import { Field } from "../design/field.tsx";

export const isWrongCode = (error: unknown): boolean =>
  error instanceof MateriError && error.code === "invalid_code";

interface CodeFieldProps {
  value: string;
  onChange: (code: string) => void;
  /** Of what it was sent with. */
  error: unknown;
  hint?: string;
  autoFocus?: boolean;
}

/** For the code of an authenticator, or a recovery code. */
export function CodeField({
  value,
  onChange,
  error,
  hint = "Six digits from your authenticator app, or a recovery code.",
  autoFocus,
}: CodeFieldProps) {
  return (
    <Field
      label="Code"
      autoComplete="one-time-code"
      autoCapitalize="off"
      spellCheck={false}
      hint={hint}
      value={value}
      onChange={({ target }) => onChange(target.value)}
      fault={isWrongCode(error) ? (error as MateriError).message : faultOf(error, "code")}
      autoFocus={autoFocus}
      required
    />
  );
}
