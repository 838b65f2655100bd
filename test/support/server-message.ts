import { messageName, serverMessages } from "../../src/protocol/frame-schemas.ts";

/** Throws if this is not a message that the server may send, by the schemas; gives it parsed. */
// biome-ignore lint/suspicious/noExplicitAny: tests look into frames of every shape
export function readServerMessage(message: string): any {
  const frame = JSON.parse(message);
  const name = messageName(frame);
  const schema = Object.hasOwn(serverMessages, name) && serverMessages[name as keyof typeof serverMessages];
  if (!schema) throw new Error(`the server sent a frame that has no schema: ${message.slice(0, 500)}`);
  const { error } = schema.safeParse(frame);
  if (error)
    throw new Error(`the server sent ${message.slice(0, 500)}, which is no ${name}: ${error.message}`);
  return frame;
}
