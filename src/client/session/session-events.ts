import type { Operation } from "../../ot/operation.ts";
import type { Rescued } from "../../ot/replica.ts";
import type { ErrorCode } from "../../protocol/errors.ts";
import type { Role } from "../../protocol/server-frames.ts";
import type { Other } from "./presence.ts";

/** Why a session has ended, and connecting again cannot help. */
export type EndCode =
  /** The application did. */
  | "closed"
  /** There is no token that the service takes: sign in again. */
  | "unauthenticated"
  /** This person may not see the document, or not any more. */
  | "forbidden"
  /** Another session has this one's client id. */
  | "superseded"
  /** The document was deleted, or never was. */
  | "deleted"
  /** Something that should not happen. */
  | "failed";

/** Where the connection stands: see `link.ts`. `ended` is final; `reason` is for people. */
export type Connection =
  | { state: "waiting" | "authorizing" | "connecting" | "joining"; attempt: number }
  | { state: "live" }
  | { state: "ended"; code: EndCode; reason: string };

/** What has become of own edits. It says `saved` only of what is durable, and only while it would hear of a change. */
export type SaveStatus =
  /** All of them are durable. */
  | { readonly kind: "saved" }
  /** Some are on their way. */
  | { readonly kind: "saving" }
  /** There is no connection; so many edits wait for it. */
  | { readonly kind: "offline"; readonly edits: number }
  /** So many edits will not be saved, unless somebody does something: see `setAside`, `role` and `connection`. */
  | { readonly kind: "rejected"; readonly edits: number };

/** Own text that is not in the document and will not get there by itself: for the person to copy. */
export type SetAside =
  | {
      readonly kind: "refused";
      readonly operation: Operation;
      readonly code: ErrorCode;
      readonly detail: string;
    }
  | ({ readonly kind: "rescued" } & Rescued);

export interface SessionEvents {
  /** The text changed; `operation` tells how, `remote` whether by somebody else. */
  change: { operation: Operation; remote: boolean };
  /** A text to begin with: the first, and the server's in place of what an earlier session had left where that says too little. */
  reset: { text: string };
  /**
   * Own text that is not saved and has no place any more, after an interruption too long to be told step by step: what was
   * around it is gone, near the position `near`. It is in the text no more; offer it to the user.
   */
  rescued: Rescued;
  /** An own submission became durable at this version. */
  acknowledged: { seq: number; version: number };
  /** An own submission was refused and taken out of the text; `operation` is what was refused. */
  rejected: { operation: Operation; code: ErrorCode; detail: string };
  /** What this person may do from now on. A viewer's edits that are not saved are kept: see `unsaved`. */
  role: { role: Role; reason: string };
  /** Others came, left or moved by themselves. Through edits they move without this event: see `others` after `change`. */
  presence: { others: Other[] };
  connection: Connection;
  /** `saved`, `saving`, `offline` or `rejected`: what to show the person. */
  status: SaveStatus;
}

/** Those who listen to a session. */
export class Listeners {
  readonly #byName = new Map<keyof SessionEvents, Set<(event: never) => void>>();

  /** Returns what ends the listening. */
  add<Name extends keyof SessionEvents>(
    name: Name,
    listener: (event: SessionEvents[Name]) => void,
  ): () => void {
    const listeners = this.#byName.get(name) ?? new Set();
    this.#byName.set(name, listeners.add(listener));
    return () => listeners.delete(listener);
  }

  /** What a listener throws is the application's fault: it is thrown for nobody in particular, and stops nothing here. */
  emit<Name extends keyof SessionEvents>(name: Name, event: SessionEvents[Name]): void {
    for (const listener of this.#byName.get(name) ?? []) {
      try {
        listener(event as never);
      } catch (error) {
        setTimeout(() => {
          throw error;
        });
      }
    }
  }
}
