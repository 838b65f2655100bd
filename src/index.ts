import { app } from "./app.ts";

export { DocumentRoom } from "./room/document-room.ts";
export default app;
