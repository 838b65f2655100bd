import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import protocol from "../../docs/protocol.md?raw";
import { closeCodes } from "../../src/protocol/close-codes.ts";
import { errorStatus } from "../../src/protocol/errors.ts";
import { grantOf, newRoom, openRoomSocket, type TestSocket } from "../support/socket.ts";
import { transcriptsOf, userOf } from "../support/transcripts.ts";

const transcripts = transcriptsOf(protocol);
const epochOnPage = "7c9e6679-7425-40de-944b-e07fc1f90ae7";

describe("docs/protocol.md: golden frames", () => {
  for (const [index, { heading, lines }] of transcripts.entries()) {
    it(`conversation ${index + 1}, ${heading}`, async () => {
      const room = await newRoom();
      const sockets = new Map<string, TestSocket>();
      let epoch = epochOnPage;
      for (const { client, arrow, frame } of lines) {
        if (arrow === "!") {
          const [, method, args] = /^(\w+) (.+)$/.exec(frame) ?? [];
          // biome-ignore lint/suspicious/noExplicitAny: the page names the method
          await (env.ROOMS.getByName(room) as any)[method ?? ""](...JSON.parse(args ?? ""));
          continue;
        }
        const socket =
          sockets.get(client) ??
          (await openRoomSocket(room, grantOf(userOf(client), { expiresAt: 4_102_444_800 })));
        sockets.set(client, socket);
        // Every room has an epoch of its own; on the page they are all one.
        if (arrow === "→") {
          socket.send(frame.replace(epochOnPage, epoch));
        } else {
          const received = await socket.next();
          if (received.type === "welcome") epoch = received.epoch;
          expect(JSON.stringify(received).replace(epoch, epochOnPage)).toBe(frame);
        }
      }
      for (const [client, socket] of sockets) {
        const superseded = client === "ann" && sockets.has("again");
        if (superseded) expect(await socket.next()).toEqual({ closed: closeCodes.superseded.code });
        else expect(await socket.drain(), `${client} received more than is written`).toEqual([]);
      }
    });
  }

  it("shows every frame type", () => {
    const shown = new Set(
      transcripts.flatMap(({ lines }) =>
        lines.filter(({ arrow }) => arrow !== "!").map(({ frame }) => JSON.parse(frame).type),
      ),
    );
    expect([...shown].sort()).toEqual(
      [
        "ack",
        "actors",
        "auth",
        "error",
        "hello",
        "operations",
        "presence",
        "report",
        "role",
        "submit",
        "welcome",
        undefined,
      ].sort(),
    );
  });

  it("lists the codes that exist, and every close code", () => {
    const table = protocol.slice(protocol.indexOf("## error"), protocol.indexOf("## The seed's frame"));
    const named = [...table.matchAll(/^\| (`.+?`) \|/gm)].flatMap(
      ([, cell = ""]) => cell.match(/\w+/g) ?? [],
    );
    expect(named.length).toBeGreaterThan(15);
    for (const code of named) expect(errorStatus).toHaveProperty(code);
    for (const { code } of Object.values(closeCodes)) expect(table).toContain(`| ${code} |`);
  });
});
