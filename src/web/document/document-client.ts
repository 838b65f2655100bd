import { createContext, useContext } from "react";
import { client } from "../client.ts";

/** Who the document page speaks as: whoever is signed in, or the guest of a link. */
export const DocumentClient = createContext(client);

export const useClient = () => useContext(DocumentClient);
