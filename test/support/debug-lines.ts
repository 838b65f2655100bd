import { vi } from "vitest";

/** A line that debugging has written. */
export type DebugLine = Record<string, string | number>;

/** What debugging writes from now on, of these events; the platform's console is back when mocks are restored. */
export function debugLines(...events: string[]): DebugLine[] {
  const lines: DebugLine[] = [];
  vi.spyOn(console, "info").mockImplementation((text: string) => {
    const line = JSON.parse(text);
    if (events.includes(line.event)) lines.push(line);
  });
  return lines;
}
