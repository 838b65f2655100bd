import type { AccountExtras } from "./accounts.ts";
import type { CloseSockets } from "./session-sockets.ts";

/** What accounts need of the folders above this one. */
export interface AuthPorts {
  /** What else a new account comes with. */
  accountExtras: AccountExtras;
  /** Closes the sockets of a session that has ended. */
  closeSockets: CloseSockets;
}
