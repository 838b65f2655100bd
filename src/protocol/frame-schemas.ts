import { z } from "zod";
import type { ClientFrame, Hello, Submit } from "./client-frames.ts";
import { type ErrorCode, errorStatus } from "./errors.ts";
import type { ShortAck } from "./frame-form.ts";
import { limits } from "./limits.ts";
import type { SeedAnswer, ServerFrame } from "./server-frames.ts";
import { subprotocol } from "./subprotocol.ts";

/**
 * Every frame of `materi.v1` as it stands on the wire: the one source of the JSON Schemas and of the AsyncAPI document
 * (frame-documents.ts). For the server, the tests and the documents: clients must not load a schema library, so
 * client-frames.ts decodes by hand, and test/protocol/agreement.test.ts holds the two together.
 *
 * Objects of the server are strict, so that a test finds a field that nobody wrote down; what is published is open
 * (law WR-1).
 */

const count = (description: string) => z.int().min(0).describe(description);

const wellFormed = (text: string) => text.isWellFormed();

/** A part's kind as one letter, so that normal form is a pattern. */
const kindOf = (part: number | string): string => (typeof part === "string" ? "i" : part > 0 ? "r" : "d");
const notNormal = /rr|ii|dd|di|r$/;

const insertedUnits = (parts: readonly (number | string)[]): number =>
  parts.reduce<number>((sum, part) => sum + (typeof part === "string" ? part.length : 0), 0);

const reach = (parts: readonly (number | string)[]): number =>
  parts.reduce<number>((sum, part) => sum + (typeof part === "string" ? part.length : Math.abs(part)), 0);

const part = z.union([
  z
    .int()
    .refine((units) => units !== 0)
    .meta({ not: { const: 0 } }),
  z.string().min(1).refine(wellFormed),
]);

/** As the server sends it: transforming may have given it more parts than a client may send. */
const operation = z
  .array(part)
  .refine((parts) => !notNormal.test(parts.map(kindOf).join("")))
  .describe(
    "Parts that walk over the text: > 0 keeps that many UTF-16 units, < 0 deletes them, a string is inserted. Normal form: " +
      "neighbours differ in kind, an insert stands before a delete that it touches, the last part does not keep.",
  );

const submitted = operation
  .max(limits.operationParts)
  .refine((parts) => insertedUnits(parts) <= limits.insertUnits && reach(parts) <= Number.MAX_SAFE_INTEGER);

// ── Client → server ──────────────────────────────────────────────────────────────────────────────────────────────

const hello = z
  .object({
    type: z.literal("hello"),
    client_id: z
      .string()
      .regex(/^[A-Za-z0-9_.:-]{1,64}$/)
      .describe("Who writes: a new random one for each tab or process"),
    since: count("The version that the client has").exactOptional(),
    epoch: z.string().max(limits.epochUnits).describe("Of the welcome that told `since`").exactOptional(),
    last_seq: count("The `seq` of its submission whose ack it has not received").exactOptional(),
    short: z.boolean().describe("Whether it wants the short form").exactOptional(),
  })
  .describe("Subscribes the socket");

const submit = z
  .object({
    type: z.literal("submit"),
    seq: z.int().min(1).describe("1, 2, 3… per client id"),
    base: count("The version that the operation was made at"),
    op: submitted,
  })
  .describe("One operation; a repeat is the same frame again");

const shortSubmit = z
  .object({
    type: z.never().optional(),
    op_type: z.never().optional(),
    submit: z
      .tuple([submit.shape.seq, submit.shape.base, submitted])
      .rest(z.unknown())
      .describe("[seq, base, op]"),
  })
  .describe("`submit` in the short form");

const auth = z
  .object({ type: z.literal("auth"), token: z.string().max(limits.accessTokenUnits) })
  .describe("A new access token for the open socket");

const report = z
  .object({
    type: z.literal("report"),
    version: count("The version at which the texts differ"),
    hash: count("Of the client's text").exactOptional(),
    expected: count("Of the server's").exactOptional(),
    operations: z
      .array(z.unknown())
      .max(limits.reportOperations)
      .describe("What the client took in since its text was last the server's"),
  })
  .describe("The client's text was another; it goes on from a snapshot. Never answered");

const selection = z.tuple([count("Anchor, in UTF-16 units"), count("Head")]);

const presenceUpdate = z
  .object({
    type: z.literal("presence"),
    version: count("The version that the positions refer to"),
    selections: z
      .array(selection)
      .max(limits.selections)
      .nullable()
      .describe("null: nothing is shown any more"),
    color: z
      .string()
      .regex(/^#[0-9a-fA-F]{6}$/)
      .nullish(),
  })
  .describe("What the client has selected; never versioned, never answered");

const content = z.string().max(limits.insertUnits).refine(wellFormed);
const seedFields = {
  type: z.never().optional(),
  position: count("UTF-16 units from the start; past the end means the end, unless there is a base_version"),
  user_id: z.string().nullish().describe("Must be the token's user"),
  base_version: count("The version that the position refers to; the newest if left out").nullish(),
};
const length = count("UTF-16 units to delete");

const seed = z
  .union([
    z.object({
      ...seedFields,
      op_type: z.string().regex(/^[Ii][Nn][Ss][Ee][Rr][Tt]$/),
      content: content.min(1),
      length: length.nullish(),
    }),
    z.object({
      ...seedFields,
      op_type: z.string().regex(/^[Dd][Ee][Ll][Ee][Tt][Ee]$/),
      content: content.nullish(),
      length: length.min(1),
    }),
    z.object({
      ...seedFields,
      op_type: z.string().regex(/^[Rr][Ee][Pp][Ll][Aa][Cc][Ee]$/),
      content: content.min(1),
      length: length.min(1),
    }),
  ])
  .describe("A single edit by a client that keeps no versions");

/** By the type that the decoder gives them; for the short form, which has none, `short_…`. */
export const clientFrames = {
  hello,
  submit,
  short_submit: shortSubmit,
  presence: presenceUpdate,
  auth,
  report,
  seed,
} satisfies Record<Exclude<ClientFrame["type"], "refused" | "unknown"> | "short_submit", z.ZodType>;

// ── Server → client ──────────────────────────────────────────────────────────────────────────────────────────────

const actorNumber = z.int().min(1);
const version = count("A version of the text");

const actor = z.strictObject({
  actor: actorNumber,
  user_id: z.string(),
  kind: z.enum(["person", "program", "import"]),
});

const list = {
  from: z.int().min(1).describe("The version of the first item; item k has version from + k"),
  items: z.array(z.strictObject({ op: operation, actor: actorNumber, seq: z.int().min(1) })),
};

const role = z.enum(["owner", "editor", "viewer"]).describe("What this socket may do");

const expiresAt = count("When the access token ends, seconds since the epoch");

const shown = z.strictObject({
  ...actor.shape,
  name: z.string(),
  color: z.string().regex(/^#[0-9a-f]{6}$/),
  selections: z.array(selection),
});

const presence = z
  .strictObject({
    type: z.literal("presence"),
    version: version.describe("All up to it has come, nothing after it; positions are of that text"),
    items: z.array(z.union([shown, z.strictObject({ actor: actorNumber, gone: z.literal(true) })])),
  })
  .describe("Who looks at what");

const welcome = z
  .strictObject({
    type: z.literal("welcome"),
    protocol: z.literal(subprotocol),
    short: z.literal(true).describe("The short form is spoken from here on").exactOptional(),
    version: version.describe("What the client has after this frame"),
    epoch: z.string().describe("Names the room's storage; versions of another one say nothing"),
    text: z.string().refine(wellFormed).describe("The text at `version`").exactOptional(),
    operations: z.strictObject(list).describe("Instead of `text`: what came after `since`").exactOptional(),
    hash: count("Of the text at `version`"),
    role,
    expires_at: expiresAt,
    actor: z.int().min(0).describe("This client's number; 0 for a viewer that needs none"),
    actors: z.array(actor).describe("Who the other numbers are"),
    presence: z.array(shown).describe("The others that show themselves"),
    last_seq: count("The highest `seq` accepted from this client id, 0 if none"),
    horizon: version.describe("The oldest version that a submission may be based on"),
    limits: z.strictObject({
      frame_units: count("UTF-16 units of a frame"),
      insert_units: count("UTF-16 units that one operation inserts"),
      operation_parts: count("Parts of one operation"),
      transform_parts: count("Parts walked over to move one submission from its base to the newest version"),
      text_units: count("UTF-16 units of the text"),
      selections: count("Selections that one client shows"),
      presence_lag: count("Versions that a presence may be behind"),
      presence_ms: count("Milliseconds between two presence frames of the server"),
      ping_seconds: count("Seconds between two pings of a client"),
      silence_seconds: count("Seconds after which who was not heard is taken for dead"),
      token_units: count("A frame costs a token, and one more for each of these many UTF-16 units"),
      tokens_per_second: count("Tokens that a socket gets"),
      tokens_burst: count("Tokens that a socket has at most"),
    }),
  })
  .refine((frame) => (frame.text === undefined) !== (frame.operations === undefined))
  .meta({ oneOf: [{ required: ["text"] }, { required: ["operations"] }] })
  .describe("The answer to `hello`");

const check = z
  .strictObject({ type: z.literal("check"), version, hash: count("Of the text at `version`") })
  .describe("All up to `version` has come, nothing after it: the receiver's text has this hash");

const ack = z
  .strictObject({ type: z.literal("ack"), seq: z.int().min(1), version: z.int().min(1) })
  .describe("The submission is durable at this version; everything below it has come");

const operations = z
  .strictObject({ type: z.literal("operations"), ...list })
  .describe("Accepted operations of others, in the order of versions");

const shortItem = z.tuple([actorNumber.describe("Actor"), z.int().min(1).describe("Its seq"), operation]);

const shortOperations = z
  .strictObject({
    ops: z
      .tuple([list.from])
      .rest(shortItem)
      .describe("[from, [actor, seq, op], …]: item k has version from + k"),
  })
  .describe("`operations` in the short form");

const shortAck = z
  .strictObject({ ack: z.tuple([ack.shape.seq, ack.shape.version]).describe("[seq, version]") })
  .describe("`ack` in the short form");

const actors = z
  .strictObject({ type: z.literal("actors"), actors: z.array(actor) })
  .describe("Numbers that later frames will bear");

const roleChange = z
  .strictObject({ type: z.literal("role"), role, reason: z.string().describe("For people") })
  .describe("What this socket may do from now on");

const slowDown = z
  .strictObject({
    type: z.literal("slow_down"),
    seq: count("The submission that it is about").exactOptional(),
    retry_ms: count("Milliseconds after which the same frame may come again"),
  })
  .describe("A frame came too fast, and has no effect");

const authExpiring = z
  .strictObject({ type: z.literal("auth_expiring"), expires_at: expiresAt })
  .describe("The access token ends soon");

const authRenewed = z
  .strictObject({ type: z.literal("auth"), expires_at: expiresAt })
  .describe("The new access token holds");

const error = z
  .strictObject({
    type: z.literal("error"),
    code: z.enum(Object.keys(errorStatus) as ErrorCode[]),
    detail: z.string().describe("For people"),
    seq: count("The submission that was refused").exactOptional(),
    retryable: z.boolean().describe("Whether the same frame may succeed later"),
    retry_ms: count("Milliseconds after which it may, where the frame came too fast").exactOptional(),
    success: z.literal(false).describe("In answers to the seed's frame").exactOptional(),
  })
  .describe("A frame was refused, and has no effect");

const seedAnswer = z
  .strictObject({ success: z.literal(true), version: z.int().min(1) })
  .describe("The seed's edit is durable at this version");

export const serverFrames = {
  welcome,
  ack,
  operations,
  actors,
  check,
  presence,
  role: roleChange,
  slow_down: slowDown,
  auth_expiring: authExpiring,
  auth: authRenewed,
  error,
} satisfies Record<ServerFrame["type"], z.ZodType>;

/** All that the server sends, with what has no `type`. */
export const serverMessages = {
  ...serverFrames,
  seed_answer: seedAnswer,
  short_operations: shortOperations,
  short_ack: shortAck,
};

/** What a frame would be called among these. */
export function messageName({ type, ops, ack }: { type?: unknown; ops?: unknown; ack?: unknown }): string {
  if (type !== undefined) return String(type);
  if (ops !== undefined) return "short_operations";
  return ack !== undefined ? "short_ack" : "seed_answer";
}

// ── Frames as the code has them, and as the schemas have them: these lines compile if both say the same ─────────

/** A type without what does not show on the wire: brands, `readonly`. */
type Plain<T> = T extends readonly (number | string)[]
  ? (number | string)[]
  : T extends object
    ? { -readonly [K in keyof T]: Plain<T[K]> }
    : T;
/** The same with every field required: two types may differ by an optional field and still fit each other. */
type Full<T> = T extends readonly (infer Item)[]
  ? Full<Item>[]
  : T extends object
    ? { [K in keyof T]-?: Full<T[K]> }
    : T;
type Same<A, B> = [A, B] extends [B, A] ? true : false;
type Agree<Written, Schema> = [
  Same<Plain<Written>, Plain<Schema>>,
  Same<Full<Plain<Written>>, Full<Plain<Schema>>>,
];

type FieldName<S extends string> = S extends "op"
  ? "operation"
  : S extends `${infer Head}_${infer Tail}`
    ? `${Head}${Capitalize<FieldName<Tail>>}`
    : S;
/** A frame of a client as the decoder gives it. */
type Decoded<T> = { [K in keyof T as FieldName<K & string>]: T[K] };

type Agreement = {
  [T in ServerFrame["type"]]: Agree<Extract<ServerFrame, { type: T }>, z.output<(typeof serverFrames)[T]>>;
} & {
  seed_answer: Agree<SeedAnswer, z.output<typeof seedAnswer>>;
  short_ack: Agree<ShortAck, z.output<typeof shortAck>>;
  hello: Agree<Hello, Decoded<z.output<typeof hello>>>;
  submit: Agree<Submit, Decoded<z.output<typeof submit>>>;
};
type TypesAgreeWithSchemas =
  Agreement extends Record<keyof Agreement, [true, true]>
    ? true
    : { [T in keyof Agreement as Agreement[T] extends [true, true] ? never : T]: "differs" };
true satisfies TypesAgreeWithSchemas;
