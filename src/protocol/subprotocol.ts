/** The WebSocket subprotocol, and the version of everything in this file. docs/protocol.md tells it in prose. */
export const subprotocol = "materi.v1";
