const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
const absolute = new Intl.DateTimeFormat("en", { dateStyle: "medium", timeStyle: "short" });

const units = [
  ["day", 86_400_000],
  ["hour", 3_600_000],
  ["minute", 60_000],
] as const;

/** How long ago, or in how long, something is; exactly when, on a closer look. `time` as the service writes it. */
export function Ago({ time }: { time: string }) {
  const at = new Date(time);
  return (
    <time dateTime={time} title={absolute.format(at)}>
      {ago(at.getTime(), Date.now())}
    </time>
  );
}

export function At({ time }: { time: string }) {
  return <time dateTime={time}>{absolute.format(new Date(time))}</time>;
}

/** Both in milliseconds since the epoch. Past a month it is a date. */
function ago(at: number, now: number): string {
  const away = at - now;
  if (Math.abs(away) > 30 * 86_400_000) return absolute.format(at);
  for (const [unit, length] of units) {
    if (Math.abs(away) >= length) return relative.format(Math.trunc(away / length), unit);
  }
  return "just now";
}
