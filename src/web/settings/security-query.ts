/** Begins the key of what is known of the ways into one's account, and of what happened there. */
export const securityKey = ["security"] as const;
