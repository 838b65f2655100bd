// ShareDB as its README has it, with documents and messages in memory (its defaults), and a type for plain text.
import type { AddressInfo } from "node:net";
import WebSocketJSONStream from "@teamwork/websocket-json-stream";
import { type } from "ot-text-unicode";
import ShareDB from "sharedb";
import { WebSocketServer } from "ws";

ShareDB.types.register(type);
const backend = new ShareDB();
const server = new WebSocketServer({ host: "127.0.0.1", port: 0 });
server.on("listening", () => process.send?.((server.address() as AddressInfo).port));
server.on("connection", (socket) => backend.listen(new WebSocketJSONStream(socket)));
process.on("disconnect", () => process.exit());
