import { app, everyMinute, fromQueue } from "./app.ts";
import { warmUp } from "./warm-up.ts";

export { LoginThrottle } from "./auth/login-throttle.ts";
export { EditedDocuments } from "./documents/edited-documents.ts";
export { SocketAccess } from "./documents/socket-access.ts";
export { MetricsStore } from "./monitoring/metrics-store.ts";
export { DocumentRoom } from "./room/document-room.ts";
export { ViewerFanout } from "./room/viewer-fanout.ts";

await warmUp();

export default {
  fetch: app.fetch,
  queue: (batch, env) => fromQueue(env, batch),
  scheduled: ({ scheduledTime }, env) => everyMinute(env, scheduledTime),
} satisfies ExportedHandler<Env>;
