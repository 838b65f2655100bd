import { z } from "zod";

/** The answer to `GET /auth/methods`. */
export const signInMethods = z
  .object({
    password: z.literal(true),
    google: z.boolean(),
    second_factor: z
      .enum(["optional", "required"])
      .meta({ description: "`required`: who has none sets one up at the next sign-in." }),
  })
  .meta({ id: "SignInMethods" });
