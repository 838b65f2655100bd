import { converges } from "../random-session.ts";
import { accepted, pair, type Rule, rule, same, submit, told } from "../rule.ts";
import { type Frame, must } from "../wire-client.ts";

/** How submissions become versions. */
export const versions: readonly Rule[] = [
  rule("PC-7", "a submission takes the next version, also one of which nothing is left", async (trial) => {
    const { ann, ben, at } = await pair(trial, "abc");
    must((await accepted(ann, submit(1, at, [-3]))) === at + 1, "the first has not the next version");
    must(
      (await accepted(ben, submit(1, at, [1, -1]))) === at + 2,
      "what deletes deleted text takes no version",
    );
    must((await accepted(ann, submit(2, at + 2, []))) === at + 3, "an empty operation takes no version");
  }),
  rule("PC-8", "nobody gets an echo of an operation of its own", async (trial) => {
    const { ann } = await pair(trial);
    ann.send(submit(1, 0, ["x"]));
    const frames = await ann.drain();
    must(
      frames.some(({ type }) => type === "ack"),
      "no ack came, but",
      frames,
    );
    must(!frames.some(({ type }) => type === "operations"), "with the ack came", frames);
  }),
  rule(
    "PC-9",
    "the others get it with its version, author and seq; the author's number was told before",
    async (trial) => {
      const { document, ben, known } = await pair(trial);
      const late = await trial.open(document);
      await late.hello();
      await accepted(late, submit(1, 0, ["Hello"]));
      const frames = await ben.drain();
      const at = frames.findIndex(({ type }) => type === "operations");
      must(at >= 0, "no operations came, but", frames);
      const { from, items } = frames[at];
      must(
        from === 1 && items.length === 1 && same(items[0].op, ["Hello"]) && items[0].seq === 1,
        "it is",
        frames[at],
      );
      const told = [
        ...known,
        ...frames.slice(0, at).flatMap(({ type, actors }) => (type === "actors" ? actors : [])),
      ];
      must(
        told.some(({ actor }: Frame) => actor === items[0].actor),
        "its author was never told:",
        frames,
      );
    },
  ),
  rule("PC-10", "an operation is transformed over all that was accepted since its base", async (trial) => {
    const { document, ann, ben } = await pair(trial, "Hello world");
    await accepted(ben, submit(1, 1, [5, " brave"]));
    await accepted(ann, submit(1, 1, [11, "!"]));
    const operations = (await ben.drain()).find(({ type }) => type === "operations");
    must(same(operations?.items[0]?.op, [17, "!"]), "Ben got", operations);
    const { text } = await told(trial, document);
    must(text === "Hello brave world!", "the text is", text);
  }),
  rule("PC-11", "of two inserts at one place the one accepted first stands first", async (trial) => {
    const { document, ann, ben, at } = await pair(trial, "--");
    await accepted(ann, submit(1, at, [1, "first"]));
    await accepted(ben, submit(1, at, [1, "second"]));
    const operations = (await ann.drain()).find(({ type }) => type === "operations");
    must(same(operations?.items[0]?.op, [6, "second"]), "Ann got", operations);
    const { text } = await told(trial, document);
    must(text === "-firstsecond-", "the text is", text);
  }),
  rule(
    "PC-12",
    "an insert within text that somebody deletes survives, and what both delete is deleted once",
    async (trial) => {
      const { document, ann, ben, at } = await pair(trial, "abcdef");
      await accepted(ann, submit(1, at, [1, -4]));
      await accepted(ben, submit(1, at, [2, "X", -2]));
      const { text } = await told(trial, document);
      must(text === "aXf", "the text is", text);
    },
  ),
  rule(
    "PC-13",
    "when an ack comes, everything below its version has come, and versions are dense",
    async (trial) => {
      const document = await trial.document();
      const clients = await Promise.all(Array.from({ length: 4 }, () => trial.open(document)));
      for (const client of clients) await client.hello();
      for (let seq = 1; seq <= 10; seq++) for (const client of clients) client.send(submit(seq, 0, ["x"]));
      for (const client of clients) {
        let version = 0;
        for (let acks = 0; acks < 10; ) {
          const frame = await client.next();
          if (["actors", "presence", "check"].includes(frame.type)) continue;
          const from = frame.type === "ack" ? frame.version : frame.from;
          must(from === version + 1, `after version ${version} came`, frame);
          version += frame.type === "ack" ? 1 : frame.items.length;
          if (frame.type === "ack") must(frame.seq === ++acks, "acks are out of order at", frame);
        }
      }
      const { version, text } = await told(trial, document);
      must(version === 40 && text === "x".repeat(40), "at the end", version, text);
    },
  ),
  rule("PC-14", "sessions of several clients converge, with lost acks and resends", (trial) =>
    converges(trial),
  ),
];
