/** Pieces of a picture, and what they share. It has a ground of its own, so that it can be read on a page of any color. */

export interface Scale {
  (value: number): number;
  readonly domain: readonly [number, number];
}

/** From values to pixels, by their logarithms. */
export function logScale(domain: readonly [number, number], from: number, to: number): Scale {
  const [low, high] = domain.map(Math.log) as [number, number];
  const scale = (value: number) => from + ((Math.log(value) - low) / (high - low)) * (to - from);
  return Object.assign(scale, { domain });
}

/** Powers of ten within, each once. */
export function powersOfTen([low, high]: readonly [number, number]): number[] {
  const first = Math.ceil(Math.log10(low) - 1e-9);
  const last = Math.floor(Math.log10(high) + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, index) => 10 ** (first + index));
}

export const escaped = (text: string): string =>
  text.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);

interface Label {
  anchor?: "start" | "middle" | "end";
  /** A class of the style. */
  as?: string;
}

export const label = (
  x: number,
  y: number,
  text: string,
  { anchor = "start", as = "" }: Label = {},
): string =>
  `<text x="${px(x)}" y="${px(y)}" text-anchor="${anchor}"${as && ` class="${as}"`}>${escaped(text)}</text>`;

export const line = (x1: number, y1: number, x2: number, y2: number, as: string): string =>
  `<line x1="${px(x1)}" y1="${px(y1)}" x2="${px(x2)}" y2="${px(y2)}" class="${as}"/>`;

export const px = (value: number): string => String(Math.round(value * 10) / 10);

/** Distinct also for those who do not tell red from green (Okabe and Ito, 2008), light and dark. */
const colors = [
  ["#0072b2", "#56b4e9"],
  ["#d55e00", "#ff8c42"],
  ["#009e73", "#2fd1a3"],
  ["#a6527d", "#e79ac0"],
  ["#8a6d00", "#f0e442"],
  ["#5f5f5f", "#b8b8b8"],
] as const;

/** The class of the n-th thing that is told apart by its color. */
export const colored = (index: number): string => `c${index % colors.length}`;

const style = (dark: 0 | 1): string =>
  [
    `svg{background:${["#ffffff", "#16181c"][dark]}}`,
    `text{fill:${["#3d444d", "#c9d1d9"][dark]}}`,
    `.strong{fill:${["#101418", "#f5f7fa"][dark]};font-weight:600}`,
    `.grid{stroke:${["#e3e6ea", "#2b3038"][dark]}}`,
    `.target{stroke:${["#101418", "#f5f7fa"][dark]};stroke-width:1.5}`,
    `.peer{fill:${["#b3bac3", "#5b6470"][dark]}}`,
    ...colors.map((pair, n) => `.c${n}{fill:${pair[dark]};stroke:${pair[dark]}}text.c${n}{stroke:none}`),
  ].join("");

export function svg(title: string, width: number, height: number, pieces: readonly string[]): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${px(height)}" width="${width}" height="${px(height)}" role="img" aria-label="${escaped(title)}">
<style>text{font:12px system-ui,sans-serif}${style(0)}@media (prefers-color-scheme:dark){${style(1)}}.path{fill:none;stroke-width:2}</style>
${pieces.join("\n")}
</svg>
`;
}
