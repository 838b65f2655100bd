import { hostileFrames, hostileSetup } from "./hostile-frames.ts";
import { converges } from "./random-session.ts";
import { type Frame, must, type WireClient } from "./wire-client.ts";

/** What a rule gets to try its server with. */
export interface Trial {
  /** A document with this text, whose only operation so far made it; version 0 if it is empty. */
  document(content?: string): Promise<string>;
  /** A socket of the one user that the runner has. */
  open(document: string, clientId?: string): Promise<WireClient>;
}

export interface Rule {
  /** PC-n, as in docs/conformance.md. */
  id: string;
  title: string;
  /** Returns why it does not apply, where it does not; throws Violation where it is broken. */
  check(trial: Trial): Promise<string | undefined>;
}

const rule = (id: string, title: string, check: (trial: Trial) => Promise<unknown>): Rule => ({
  id,
  title,
  check: async (trial) => {
    const skipped = await check(trial);
    return typeof skipped === "string" ? skipped : undefined;
  },
});

const submit = (seq: number, base: number, op: unknown[]) => ({ type: "submit", seq, base, op });
const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

/** Two clients that said hello in one document. */
async function pair(
  trial: Trial,
  content = "",
): Promise<{ document: string; ann: WireClient; ben: WireClient; at: number; known: Frame[] }> {
  const document = await trial.document(content);
  const ann = await trial.open(document);
  const ben = await trial.open(document);
  const { version } = await ann.hello();
  const { actors } = await ben.hello();
  return { document, ann, ben, at: version, known: actors };
}

async function accepted(client: WireClient, frame: object): Promise<number> {
  client.send(frame);
  const { seq, version } = await client.nextOf("ack");
  must(seq === (frame as { seq: number }).seq, "an ack bears another seq:", seq);
  return version;
}

async function refused(
  client: WireClient,
  frame: object | string | ArrayBuffer,
  code: string,
  what = "",
): Promise<Frame> {
  const answer = await client.ask(frame);
  must(
    answer.type === "error" && answer.code === code,
    `${what || JSON.stringify(frame)}: not ${code} but`,
    answer,
  );
  return answer;
}

/** The text and version that a newcomer is told. */
async function told(trial: Trial, document: string): Promise<{ text: string; version: number }> {
  const { text, version } = await (await trial.open(document)).hello();
  return { text, version };
}

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

const opening: Rule[] = [
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

const versions: Rule[] = [
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

const exactlyOnce: Rule[] = [
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

const refusals: Rule[] = [
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

const besides: Rule[] = [
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

export const rules: readonly Rule[] = [...opening, ...versions, ...exactlyOnce, ...refusals, ...besides];
