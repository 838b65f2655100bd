/** Dark enough to be read on white, light enough to be seen on black. */
const palette = [
  "#c2410c",
  "#b45309",
  "#a16207",
  "#4d7c0f",
  "#15803d",
  "#0f766e",
  "#0e7490",
  "#0369a1",
  "#1d4ed8",
  "#4338ca",
  "#6d28d9",
  "#7e22ce",
  "#a21caf",
  "#be185d",
  "#be123c",
  "#57534e",
] as const;

/** The colour of somebody who chose none: the same one on every device and in every document (FNV-1a over the user id). */
export function presenceColor(userId: string): string {
  let hash = 0x811c9dc5;
  for (let index = 0; index < userId.length; index++) {
    hash = Math.imul(hash ^ userId.charCodeAt(index), 0x01000193) >>> 0;
  }
  return palette[hash % palette.length]!;
}
