/** Dark enough for white letters on them (WCAG AA), and told apart by most who see few colours. */
const colors = [
  "#2755c4",
  "#9a3412",
  "#1c7043",
  "#7e22ce",
  "#a21caf",
  "#0e7490",
  "#a16207",
  "#be123c",
] as const;

/** A colour that is somebody's wherever they are shown: by their name, or their id. */
export function colorOf(name: string): string {
  let sum = 0;
  for (const character of name) sum = (sum * 31 + (character.codePointAt(0) ?? 0)) % 65_521;
  return colors[sum % colors.length] ?? colors[0];
}
