import { MateriClient } from "../src/client/materi-client.ts";

/** Somebody new who is signed in to the service. */
export async function signUp(url: string): Promise<MateriClient> {
  const client = new MateriClient({ url });
  await client.auth.register({
    email: `owner-${Date.now()}-${Math.random().toString(36).slice(2)}@example.com`,
    password: "a password for the bench",
    name: "Owner",
  });
  return client;
}
