import type { MateriClient } from "../../src/client/materi-client.ts";
import type { RoomResult, RoomStats } from "../../src/room/room-api.ts";
import type { Server } from "../../test/support/server.ts";
import { signUp } from "../account.ts";
import type { Bench } from "../workload.ts";
import type { History } from "./filled-room.ts";

/** The service, with rooms that can be given a history at once. */
export interface FilledService {
  server: Server;
  url: string;
  owner: MateriClient;
  /** A new document with this text and then this history. Bytes: what its room's database has. */
  document(content: string, history?: History): Promise<{ id: string; databaseBytes: number }>;
}

/** `v8Flags`: of workerd. All who name the same share it. */
export async function filledService(bench: Bench, v8Flags = ""): Promise<FilledService> {
  const server = await bench.server("bench/filled/worker.ts", { LOG_LEVEL: "warn" }, v8Flags);
  const owner = await signUp(server.url);
  return {
    server,
    url: server.url,
    owner,
    async document(content, history) {
      const { id } = await owner.documents.create({ title: "Bench", content });
      if (!history) return { id, databaseBytes: Number.NaN };
      const answer = await fetch(`${server.url}/fill/${id}`, {
        method: "POST",
        body: JSON.stringify(history),
      });
      const text = await answer.text();
      if (!answer.ok) throw new Error(text);
      const stats = JSON.parse(text) as RoomResult<{ databaseBytes: number }> & RoomStats;
      return { id, databaseBytes: stats.databaseBytes };
    },
  };
}
