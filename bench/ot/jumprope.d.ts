/** What is used of jumprope 1.2, which brings no types. */
declare module "jumprope" {
  export default class Rope {
    constructor(text: string);
    readonly length: number;
    insert(position: number, text: string): void;
    del(position: number, units: number): void;
    substring(position: number, units: number): string;
    toString(): string;
  }
}
