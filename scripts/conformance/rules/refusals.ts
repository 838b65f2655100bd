import { hostileFrames, hostileSetup } from "../hostile-frames.ts";
import { accepted, pair, type Rule, refused, rule, same, submit, told } from "../rule.ts";
import { must } from "../wire-client.ts";

/** What is refused, and what is ignored. */
export const refusals: readonly Rule[] = [
  rule(
    "PC-19",
    "a refused submission names its seq, which is still to come, and changes nothing",
    async (trial) => {
      const { document, ann, at } = await pair(trial, "Hi 😀!");
      const wrong: [object, string][] = [
        [submit(1, at, [7, "x"]), "out_of_range"],
        [submit(1, at, [4, "x"]), "splits_surrogate"],
        [submit(1, at + 1, ["x"]), "base_ahead"],
        [submit(2, at, ["x"]), "seq_gap"],
        [submit(1, at, [0]), "invalid_operation"],
      ];
      for (const [frame, code] of wrong) {
        const { seq, retryable } = await refused(ann, frame, code);
        must(seq === (frame as { seq: number }).seq, `${code} bears the seq`, seq);
        must(retryable === false, `${code} says that the same frame may succeed`);
      }
      must((await accepted(ann, submit(1, at, ["x"]))) === at + 1, "seq 1 is not taken any more");
      const { text } = await told(trial, document);
      must(text === "xHi 😀!", "the text is", text);
    },
  ),
  rule("PC-20", "unknown frame types and fields are ignored", async (trial) => {
    const { ann } = await pair(trial);
    ann.send({ type: "a type of later", field: 1 });
    const answers = await ann.drain();
    must(answers.length === 0, "it is answered by", answers);
    must(
      (await accepted(ann, { ...submit(1, 0, ["x"]), later: true })) === 1,
      "an unknown field is not ignored",
    );
  }),
  rule("PC-21", "announced limits are kept, by a typed refusal", async (trial) => {
    const ann = await trial.open(await trial.document());
    const { limits } = await ann.hello();
    await refused(
      ann,
      submit(1, 0, ["x".repeat(limits.insert_units + 1)]),
      "operation_too_large",
      "an insert",
    );
    await refused(
      ann,
      `{"type":"x","pad":"${"x".repeat(limits.frame_units)}"}`,
      "payload_too_large",
      "a frame",
    );
    must(
      (await accepted(ann, submit(1, 0, ["x".repeat(limits.insert_units)]))) === 1,
      "the largest insert is refused",
    );
  }),
  rule("PC-22", "every frame of the hostile corpus gets its answer, and the room goes on", async (trial) => {
    const document = await trial.document(hostileSetup.content);
    const eve = await trial.open(document);
    await eve.hello();
    must((await accepted(eve, JSON.parse(hostileSetup.submit))) === 2, "the corpus begins at version 2");
    for (const { name, frame, answer } of hostileFrames) {
      if (answer === "ignored") {
        eve.send(frame);
        must((await eve.drain()).length === 0, `${name}: is not ignored`);
      } else if (answer === "ack") {
        const ack = await eve.ask(frame);
        must(ack.type === "ack" && ack.version === 2, `${name}: not the ack again but`, ack);
      } else {
        await refused(eve, frame, answer, name);
      }
    }
    const end = await told(trial, document);
    must(same(end, { text: hostileSetup.text, version: 2 }), "after the corpus", end);
  }),
];
