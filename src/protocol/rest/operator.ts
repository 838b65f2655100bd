import { z } from "zod";
import { limits } from "../limits.ts";
import { user } from "./accounts.ts";
import { text } from "./text.ts";

/** The query of `GET /admin/users`. */
export const userQuery = z.object({ email: text("email", { max: limits.emailUnits, trim: true }) });

/** A person, to the operator. */
export const operatedUser = user
  .extend({ sessions: z.int().meta({ description: "Sign-ins that are still good." }) })
  .meta({ id: "OperatedUser" });

export const ended = z
  .object({ ended: z.int().meta({ description: "Sessions that have ended now." }) })
  .meta({ id: "Ended" });
