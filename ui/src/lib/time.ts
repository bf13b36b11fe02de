const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** From this age on a date says more than a number of days. */
const RELATIVE_LIMIT = 14 * DAY;

const steps: [limit: number, size: number, unit: Intl.RelativeTimeFormatUnit][] = [
  [HOUR, MINUTE, "minute"],
  [DAY, HOUR, "hour"],
  [RELATIVE_LIMIT, DAY, "day"],
];

/** A moment relative to now, such as "5 minutes ago" or "in 2 hours"; a date when it is long ago. Clocks differ, so a minute either way is now. */
export function relativeTime(iso: string, now: number, locale?: string): string {
  const moment = Date.parse(iso);
  if (Number.isNaN(moment)) return "";
  const seconds = (moment - now) / 1000;
  const distance = Math.abs(seconds);
  if (distance < MINUTE) return "just now";
  const format = new Intl.RelativeTimeFormat(locale, { numeric: "auto" });
  for (const [limit, size, unit] of steps) {
    if (distance < limit) return format.format(Math.trunc(seconds / size), unit);
  }
  return new Intl.DateTimeFormat(locale, { dateStyle: "medium" }).format(moment);
}

/** The same for something that has happened: a clock that is a little behind does not put it into the future. */
export function pastTime(iso: string, now: number, locale?: string): string {
  const moment = Date.parse(iso);
  return relativeTime(iso, Number.isNaN(moment) ? now : Math.max(now, moment), locale);
}

/** A moment as date and time. */
export function fullTime(iso: string, locale?: string): string {
  const moment = Date.parse(iso);
  if (Number.isNaN(moment)) return "";
  return new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short" }).format(moment);
}
