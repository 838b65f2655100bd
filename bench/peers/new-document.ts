let documents = 0;

/** A name that no document of this run has. Short: ShareDB and Hocuspocus have it in every frame. */
export const newDocument = (): string => `doc-${++documents}`;
