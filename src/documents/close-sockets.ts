/** Closes, for good, the sockets that a sign-in has in a document, those behind fan-outs too. */
export async function closeSockets(
  env: Pick<Env, "ROOMS">,
  { sessionId, documentId }: { sessionId: string; documentId: string },
): Promise<void> {
  await env.ROOMS.getByName(documentId).revoke({ sessionId }, "the sign-in has ended");
}
