import { accepted, pair, type Rule, refused, rule, same, submit, told } from "../rule.ts";
import { must } from "../wire-client.ts";

/** What becomes of a submission that is sent again. */
export const exactlyOnce: readonly Rule[] = [
  rule("PC-15", "a repeat gets its first version, and is applied once", async (trial) => {
    const { document, ann, ben } = await pair(trial);
    must((await accepted(ann, submit(1, 0, ["once"]))) === 1, "the first version is not 1");
    await accepted(ben, submit(1, 1, ["> "]));
    must((await accepted(ann, submit(1, 0, ["once"]))) === 1, "the repeat has another version");
    const end = await told(trial, document);
    must(same(end, { text: "> once", version: 2 }), "at the end", end);
  }),
  rule(
    "PC-16",
    "also on a new socket with the same client id, where welcome tells the last seq and what was missed",
    async (trial) => {
      const document = await trial.document();
      const first = await trial.open(document);
      await first.hello();
      await accepted(first, submit(1, 0, ["once"]));
      const again = await trial.open(document, first.clientId);
      const welcome = await again.hello({ since: 0, last_seq: 1 });
      must(welcome.last_seq === 1 && welcome.version === 1, "the welcome is", welcome);
      const own = welcome.operations?.items[0];
      must(
        same(own?.op, ["once"]) && own.actor === welcome.actor && own.seq === 1,
        "its own is not among",
        welcome.operations,
      );
      must((await accepted(again, submit(1, 0, ["once"]))) === 1, "the repeat has another version");
      const { text } = await told(trial, document);
      must(text === "once", "the text is", text);
    },
  ),
  rule("PC-17", "another operation under an accepted seq is refused, and has no effect", async (trial) => {
    const { document, ann } = await pair(trial);
    await accepted(ann, submit(1, 0, ["once"]));
    await refused(ann, submit(1, 0, ["other"]), "seq_reused");
    const { text } = await told(trial, document);
    must(text === "once", "the text is", text);
    must((await accepted(ann, submit(2, 1, [4, "!"]))) === 2, "the next seq is not taken");
  }),
  rule("PC-18", "who resumes gets what it missed, or the text", async (trial) => {
    const { document, ann } = await pair(trial, "A text that is longer than what was missed.");
    await accepted(ann, submit(1, 1, ["> "]));
    const welcome = await (await trial.open(document)).hello({ since: 1 });
    if (welcome.operations)
      must(
        same(welcome.operations.items[0]?.op, ["> "]) && welcome.operations.from === 2,
        "it gets",
        welcome,
      );
    else must(welcome.text.startsWith("> A text"), "it gets", welcome);
  }),
];
