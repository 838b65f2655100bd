import { MateriError } from "../../client/index.ts";

/** What a sign-in asks for after a password or Google: a code, or that a second factor is set up. */
export interface SecondStep {
  asks: "code" | "enrolment";
  /** Undefined where a cookie has it, as after Google. */
  challenge: string | undefined;
}

const asks: Record<string, SecondStep["asks"] | undefined> = {
  second_factor_required: "code",
  second_factor_enrolment_required: "enrolment",
};

/** The step after an attempt that failed so, or that came back from Google with this code. */
export function secondStepAfter(failure: unknown): SecondStep | undefined {
  const { code, challenge } =
    failure instanceof MateriError ? failure : { code: String(failure), challenge: undefined };
  const asked = asks[code];
  return asked && { asks: asked, challenge };
}
