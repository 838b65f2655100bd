/** What the platform asks for Durable Objects beyond what the paid plan includes, in US dollars, as of 2026-11-22. */
export const prices = {
  asOf: "2026-11-22",
  millionRequests: 0.15,
  /** Messages that sockets send are billed as one request for so many; messages to sockets and pings are free. */
  messagesPerRequest: 20,
  millionGigabyteSeconds: 12.5,
  /** An object is billed for 128 MB while it is active, whatever it holds; asleep it is billed for nothing. */
  objectGigabytes: 0.128,
  millionRowsRead: 0.001,
  millionRowsWritten: 1,
  gigabyteMonth: 0.2,
} as const;

/** What something takes of what is billed. */
export interface Use {
  requests?: number;
  /** From sockets. */
  messages?: number;
  activeSeconds?: number;
  rowsRead?: number;
  rowsWritten?: number;
}

/** In US dollars. */
export function costOf(use: Use): number {
  const { requests = 0, messages = 0, activeSeconds = 0, rowsRead = 0, rowsWritten = 0 } = use;
  return (
    ((requests + messages / prices.messagesPerRequest) * prices.millionRequests +
      activeSeconds * prices.objectGigabytes * prices.millionGigabyteSeconds +
      rowsRead * prices.millionRowsRead +
      rowsWritten * prices.millionRowsWritten) /
    1_000_000
  );
}

/** A table of Markdown. */
export function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  return [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

/** Dollars to three digits that count. */
export function dollars(amount: number): string {
  if (amount === 0) return "$0";
  const digits = Math.max(2, 2 - Math.floor(Math.log10(amount)));
  return `$${amount.toFixed(digits)}`;
}

export const grouped = (count: number): string => Math.round(count).toLocaleString("en-US");
