import { accepted, pair, type Rule, refused, rule, submit } from "../rule.ts";
import { must } from "../wire-client.ts";

/** How a conversation begins. */
export const opening: readonly Rule[] = [
  rule("PC-1", "the server selects the subprotocol materi.v1", async (trial) => {
    const client = await trial.open(await trial.document());
    must(client.subprotocol === "materi.v1", "it selects", client.subprotocol);
  }),
  rule("PC-2", "it says nothing before it is spoken to", async (trial) => {
    const document = await trial.document();
    const silent = await trial.open(document);
    const writer = await trial.open(document);
    await writer.hello();
    await accepted(writer, submit(1, 0, ["x"]));
    const unasked = await silent.unasked(300);
    must(unasked.length === 0, "it said", unasked);
  }),
  rule("PC-3", "hello is answered by welcome, with the text and its version", async (trial) => {
    const welcome = await (await trial.open(await trial.document("Hi 😀!"))).hello();
    must(welcome.text === "Hi 😀!" && welcome.version === 1, "the welcome has", welcome);
    must(welcome.last_seq === 0, "a new client id has last_seq", welcome.last_seq);
  }),
  rule("PC-4", "a socket that never said hello gets the answers to its own frames alone", async (trial) => {
    const { document, ann } = await pair(trial);
    const stranger = await trial.open(document);
    await accepted(ann, submit(1, 0, ["x"]));
    const heard = await stranger.drain();
    must(heard.length === 0, "it got", heard);
    await refused(stranger, submit(1, 0, ["x"]), "hello_required");
  }),
  rule("PC-5", "ping is answered by pong", async (trial) => {
    const answer = await (await trial.open(await trial.document())).ask("ping");
    must(answer === "pong", "the answer is", answer);
  }),
  rule("PC-6", "a second socket with the same client id closes the first with 4409", async (trial) => {
    const { document, ann } = await pair(trial);
    await (await trial.open(document, ann.clientId)).hello();
    const code = await ann.closing();
    must(code === 4409, "the code is", code);
  }),
];
