import { DurableObject } from "cloudflare:workers";
import { app } from "./app.ts";
export class DocumentRoom extends DurableObject {}
export default app;
