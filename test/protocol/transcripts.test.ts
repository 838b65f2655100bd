import { describe, expect, it } from "vitest";
import protocol from "../../docs/protocol.md?raw";
import { closeCodes } from "../../src/protocol/close-codes.ts";
import { errorStatus } from "../../src/protocol/errors.ts";
import { playTranscript } from "../support/play-transcript.ts";
import { transcriptsOf } from "../support/transcripts.ts";

const transcripts = transcriptsOf(protocol);
const epochOnPage = "7c9e6679-7425-40de-944b-e07fc1f90ae7";

describe("docs/protocol.md: golden frames", () => {
  for (const [index, { heading, lines }] of transcripts.entries()) {
    it(`conversation ${index + 1}, ${heading}`, async () => {
      const sockets = await playTranscript(lines, epochOnPage, async ({ frame, next }) => {
        expect(JSON.stringify(await next())).toBe(frame);
      });
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
