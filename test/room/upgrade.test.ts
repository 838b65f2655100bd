import { describe, expect, it } from "vitest";
import { answerClose } from "../../src/room/upgrade.ts";

/** What a client is told when the room answers its closing with this code. */
function answered(code: number): Promise<number> {
  const { 0: client, 1: server } = new WebSocketPair();
  client.accept();
  server.accept();
  const closed = new Promise<number>((resolve) => {
    client.addEventListener("close", (event) => resolve(event.code));
  });
  answerClose(server, code, "");
  return closed;
}

describe("the closing handshake", () => {
  it("is answered with the client's code, and with 1000 where it gave none", async () => {
    expect(await answered(4999)).toBe(4999);
    expect(await answered(1005)).toBe(1000);
  });

  it("is nobody's where the connection broke off: the codes that say so may not be sent", async () => {
    const nothing = new Promise<undefined>((resolve) => setTimeout(() => resolve(undefined), 100));
    expect(await Promise.race([answered(1006), answered(1015), nothing])).toBeUndefined();
  });
});
