import { hostileSetup, hostileShortFrames } from "../hostile-frames.ts";
import { accepted, type Rule, refused, rule, same, submit, told } from "../rule.ts";
import { must } from "../wire-client.ts";

const asked = { short: true };

/** What a server may leave out, and announces by `short` in its welcome. */
export const shortForm: readonly Rule[] = [
  rule(
    "PC-26",
    "who asks for the short form, where there is one, is told and understood in it, and the others as before",
    async (trial) => {
      const document = await trial.document();
      const ann = await trial.open(document);
      const ben = await trial.open(document);
      const { short } = await ann.hello(asked);
      if (short !== true) return "the server has no short form";
      const { short: unasked, actor } = await ben.hello();
      must(unasked === undefined, "Ben did not ask for it, and is told", unasked);

      const first = { submit: [1, 0, ["Hello"]] };
      const ack = await ann.ask(first);
      must(same(ack, { ack: [1, 1] }), "Ann's submission is answered by", ack);
      const seen = (await ben.drain()).find(({ type }) => type === "operations");
      must(same(seen?.items[0]?.op, ["Hello"]) && seen.from === 1, "Ben got", seen);

      await accepted(ben, submit(1, 1, [5, "!"]));
      const frames = (await ann.drain()).filter(({ type }) => type !== "actors");
      must(same(frames, [{ ops: [2, [actor, 1, [5, "!"]]] }]), "Ann got", frames);
      const repeat = await ann.ask(first);
      must(same(repeat, { ack: [1, 1] }), "a repeat is answered by", repeat);

      const corpus = await trial.document(hostileSetup.content);
      const eve = await trial.open(corpus);
      await eve.hello(asked);
      eve.send(hostileSetup.submit);
      const answers = await eve.drain();
      must(
        answers.some((frame) => same(frame, { ack: [1, 2] })),
        "what is submitted in the long form is answered by",
        answers,
      );
      for (const { name, frame, answer } of hostileShortFrames) {
        if (answer === "ignored") {
          eve.send(frame);
          must((await eve.drain()).length === 0, `${name}: is not ignored`);
        } else if (answer === "ack") {
          const again = await eve.ask(frame);
          must(same(again, { ack: [1, 2] }), `${name}: not the ack again but`, again);
        } else {
          await refused(eve, frame, answer, name);
        }
      }
      const end = await told(trial, corpus);
      must(same(end, { text: hostileSetup.text, version: 2 }), "after the corpus", end);
    },
  ),
];
