import type { ReactNode } from 'react';

const UNITS: readonly (readonly [Intl.RelativeTimeFormatUnit, number])[] = [
  ['year', 31_557_600_000],
  ['month', 2_629_800_000],
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
];

const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });
const day = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium' });
const absolute = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'short' });
const exact = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'medium' });

/** Of the browser, such as `Europe/Berlin`. */
export const TIME_ZONE = Intl.DateTimeFormat().resolvedOptions().timeZone;

/** Beside a field for a time. */
export const LOCAL_TIME = `In the time zone of this browser (${TIME_ZONE}).`;

/** "in 3 days"; "now" within a minute. */
export function relativeTime(instant: string, nowMs = Date.now()): string {
  const distanceMs = Date.parse(instant) - nowMs;
  for (const [unit, unitMs] of UNITS) {
    if (Math.abs(distanceMs) >= unitMs) return relative.format(Math.round(distanceMs / unitMs), unit);
  }
  return 'now';
}

/** In the time zone of the browser. */
export function localTime(instant: string): string {
  return absolute.format(new Date(instant));
}

interface TimeProps {
  /** ISO 8601; null shows `otherwise`. */
  readonly at: string | null | undefined;
  readonly otherwise?: string;
  /** "3 days ago" in place of the date. */
  readonly isRelative?: boolean;
  /** Without the time of day. */
  readonly isDate?: boolean;
  /** With the seconds. */
  readonly isExact?: boolean;
}

/** An instant; its title holds more of it. */
export function Time({
  at,
  otherwise = '–',
  isRelative = false,
  isDate = false,
  isExact = false,
}: TimeProps): ReactNode {
  if (at === null || at === undefined) return otherwise;
  const date = new Date(at);
  if (isRelative || isDate) {
    return (
      <time dateTime={at} title={localTime(at)}>
        {isRelative ? relativeTime(at) : day.format(date)}
      </time>
    );
  }
  return (
    <time dateTime={at} title={at}>
      {isExact ? exact.format(date) : absolute.format(date)}
    </time>
  );
}
