import { z } from "zod";
import { closeCodes } from "./close-codes.ts";
import { clientFrames, serverMessages } from "./frame-schemas.ts";
import { subprotocol } from "./subprotocol.ts";

type JsonSchema = Record<string, unknown>;

/** As JSON Schema draft 7, open for fields that are not known yet (law WR-1). */
function published(schema: z.ZodType): JsonSchema {
  const { $schema: _, ...json } = z.toJSONSchema(schema, {
    target: "draft-7",
    io: "input",
    override: ({ jsonSchema }) => {
      delete jsonSchema.additionalProperties;
    },
  });
  return json;
}

const publish = (frames: Record<string, z.ZodType>): Record<string, JsonSchema> =>
  Object.fromEntries(Object.entries(frames).map(([name, schema]) => [name, published(schema)]));

const referTo = (base: string, names: string[]) => names.map((name) => ({ $ref: `${base}/${name}` }));

/** One JSON Schema (draft 7): `definitions` holds every frame by name, and `client` and `server` those of each side. */
export function frameSchemas(): JsonSchema {
  const client = publish(clientFrames);
  const server = publish(serverMessages);
  return {
    $schema: "http://json-schema.org/draft-07/schema#",
    title: `Frames of ${subprotocol}`,
    anyOf: referTo("#/definitions", ["client", "server"]),
    definitions: {
      client: {
        description: "What a client sends",
        anyOf: referTo("#/definitions", Object.keys(client)),
      },
      server: {
        description: "What the server sends",
        anyOf: referTo("#/definitions", Object.keys(server).map(serverName(client))),
      },
      ...client,
      ...renamed(server, serverName(client)),
    },
  };
}

/** A frame that both sides send, each in its own form, is named after its sender on the server's side. */
const serverName = (client: object) => (name: string) => (name in client ? `${name}_by_server` : name);

const renamed = <T>(of: Record<string, T>, rename: (name: string) => string): Record<string, T> =>
  Object.fromEntries(Object.entries(of).map(([name, value]) => [rename(name), value]));

/** The socket as an AsyncAPI 3.0 document, for the server at this address. */
export function asyncApi({ host, protocol }: { host: string; protocol: string }): JsonSchema {
  const client = publish(clientFrames);
  const server = renamed(publish(serverMessages), serverName(client));
  const schemas = { ...client, ...server };
  const channelMessages = (frames: object) => referTo("#/channels/document/messages", Object.keys(frames));
  const codes = Object.values(closeCodes).map(
    ({ code, retry }) => `${code} (${retry ? "connect again" : "final"})`,
  );
  return {
    asyncapi: "3.0.0",
    info: {
      title: "Materi: live documents",
      version: subprotocol,
      description: `One socket per document and client. Close codes: ${codes.join(", ")}.`,
    },
    defaultContentType: "application/json",
    servers: {
      here: {
        host,
        protocol: protocol === "https:" ? "wss" : "ws",
        security: [{ $ref: "#/components/securitySchemes/bearer" }],
      },
    },
    channels: {
      document: {
        address: "/ws/documents/{id}",
        description: `The access token goes into Authorization, or, from browsers, into Sec-WebSocket-Protocol: ${subprotocol}, bearer.<token>`,
        parameters: { id: { description: "The document's id" } },
        messages: Object.fromEntries(
          Object.keys(schemas).map((name) => [name, { $ref: `#/components/messages/${name}` }]),
        ),
        bindings: { ws: { method: "GET" } },
      },
    },
    operations: {
      fromClient: {
        action: "receive",
        channel: { $ref: "#/channels/document" },
        summary: "What a client may send",
        messages: channelMessages(client),
      },
      toClient: {
        action: "send",
        channel: { $ref: "#/channels/document" },
        summary: "What the server sends, after the client's first frame and never before",
        messages: channelMessages(server),
      },
    },
    components: {
      securitySchemes: { bearer: { type: "http", scheme: "bearer", bearerFormat: "JWT" } },
      messages: Object.fromEntries(
        Object.entries(schemas).map(([name, { description }]) => [
          name,
          { name, summary: description, payload: { $ref: `#/components/schemas/${name}` } },
        ]),
      ),
      schemas,
    },
  };
}
