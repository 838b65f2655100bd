declare module "@teamwork/websocket-json-stream" {
  import type { Duplex } from "node:stream";
  import type { WebSocket } from "ws";

  const WebSocketJSONStream: new (socket: WebSocket) => Duplex;
  export default WebSocketJSONStream;
}
