import { DurableObject } from "cloudflare:workers";
export class DocumentRoom extends DurableObject {}
export default { fetch: async () => new Response("ok") };
