const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const weekday = new Intl.DateTimeFormat(undefined, { weekday: "short" });
const date = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });
const fullDate = new Intl.DateTimeFormat(undefined, { weekday: "long", day: "numeric", month: "long" });

const dayMs = 86_400_000;

/** The time of day. */
export const formatTime = (at: number) => clock.format(at);

/** A day as a heading. */
export function formatDay(at: number): string {
  if (isToday(at)) return "Today";
  return isToday(at + dayMs) ? "Yesterday" : fullDate.format(at);
}

/** Time, weekday or date, whichever is short and clear. */
export function formatShortTime(at: number): string {
  if (isToday(at)) return clock.format(at);
  return Date.now() - at < 6 * dayMs ? weekday.format(at) : date.format(at);
}

function isToday(at: number): boolean {
  return new Date(at).toDateString() === new Date().toDateString();
}
