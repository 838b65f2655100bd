// The service as it is deployed; a way to give a room a history of which nobody waits for the typing, `POST /fill/<id>`; and, with the
// flag --expose-gc, one to have garbage collected now, `/collect`.
import service from "../../src/index.ts";
import type { FilledRoom, History } from "./filled-room.ts";

export * from "../../src/index.ts";
export { FilledRoom as DocumentRoom } from "./filled-room.ts";

export default {
  ...service,
  async fetch(request: Request, env: Env, ctx: ExecutionContext): Promise<Response> {
    const [, way, id = ""] = new URL(request.url).pathname.split("/");
    if (way === "collect") {
      const { gc } = globalThis as { gc?: () => void };
      if (!gc) throw new Error("workerd was started without --expose-gc");
      gc();
      return new Response();
    }
    if (way !== "fill") return service.fetch(request, env, ctx);
    const rooms = env.ROOMS as unknown as DurableObjectNamespace<FilledRoom>;
    const history = (await request.json()) as History;
    const ended = await rooms
      .getByName(id)
      .fill(history)
      .then(
        () => "it went on",
        (error: Error) => error.message,
      );
    // It ends itself when it is done.
    if (ended !== "filled") throw new Error(`the room was not filled: ${ended}`);
    return Response.json(await rooms.getByName(id).stats());
  },
} satisfies ExportedHandler<Env>;
