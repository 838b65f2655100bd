import { pair, type Rule, rule, same, told } from "../rule.ts";
import { must } from "../wire-client.ts";

/** As docs/protocol.md has it, written a second time. */
function hashOf(text: string): number {
  const [first, second] = [
    [31_415_927n, 67_108_859n],
    [27_182_819n, 67_108_837n],
  ].map(([base = 0n, prime = 1n]) =>
    Array.from({ length: text.length }, (_, at) => BigInt(text.charCodeAt(at) + 1)).reduce(
      (hash, unit) => (hash * base + unit) % prime,
      0n,
    ),
  ) as [bigint, bigint];
  return Number(first * 2n ** 26n + second);
}

/** What is no submission: the seed's frame, presence, the hash. */
export const otherFrames: readonly Rule[] = [
  rule(
    "PC-23",
    "the seed's frame edits at the current version; its answer is the next frame",
    async (trial) => {
      const document = await trial.document();
      const seed = await trial.open(document);
      const answers = [
        await seed.ask({ op_type: "insert", position: 0, content: "Hello" }),
        await seed.ask({ op_type: "Insert", position: 900, content: " world" }),
        await seed.ask({ op_type: "replace", position: 0, length: 1, content: "J", base_version: 1 }),
        await seed.ask({ op_type: "delete", position: 5, length: 99 }),
      ];
      must(
        same(
          answers,
          [1, 2, 3, 4].map((version) => ({ success: true, version })),
        ),
        "the answers are",
        answers,
      );
      const refusal = await seed.ask({ op_type: "turn", position: 0 });
      must(
        refusal.success === false && refusal.code === "invalid_operation",
        "a wrong one is answered by",
        refusal,
      );
      const { text } = await told(trial, document);
      must(text === "Jello", "the text is", text);
    },
  ),
  rule(
    "PC-24",
    "presence reaches the others, not its sender, takes no version, and is gone with its socket",
    async (trial) => {
      const { document, ann, ben, at } = await pair(trial, "Hello");
      const welcome = await (await trial.open(document)).hello();
      if (welcome.presence === undefined) return "the server has no presence";
      ann.send({ type: "presence", version: at, selections: [[1, 3]] });
      const shown = await ben.nextOf("presence");
      must(shown.version === at && same(shown.items[0]?.selections, [[1, 3]]), "Ben is shown", shown);
      const own = (await ann.drain()).filter(({ type }) => type === "presence");
      must(own.length === 0, "its sender is shown", own);
      ann.close();
      const gone = await ben.nextOf("presence");
      must(
        gone.items[0]?.gone === true && gone.items[0].actor === shown.items[0].actor,
        "after it left",
        gone,
      );
      return undefined;
    },
  ),
  rule("PC-25", "the hash in welcome is that of the text", async (trial) => {
    const text = "Hi 😀! ".repeat(500);
    const { hash } = await (await trial.open(await trial.document(text))).hello();
    if (hash === undefined) return "the server tells no hash";
    must(hash === hashOf(text), "it is", hash, "and not", hashOf(text));
    return undefined;
  }),
];
