import { subprotocol } from "../protocol/subprotocol.ts";

/** Of package.json, which is not bundled; a test compares them. */
export const serviceVersion = "0.1.0";

/** What `GET /health` answers: that the service is alive, which one it is (`deployment`: Cloudflare's id of it), and what time it has there. */
export const health = (now: number, deployment: string) => ({
  status: "ok",
  version: serviceVersion,
  deployment,
  protocol: subprotocol,
  time: new Date(now).toISOString(),
});
